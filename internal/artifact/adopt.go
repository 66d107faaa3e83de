package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"mcp-server/sdk"
)

// Candidate is a file in a call's folder that its plugin hands over, with what the plugin says of it.
type Candidate struct {
	StagingDir string
	Path       string // relative to StagingDir
	Name       string
	MediaType  string
	Size       int64
	SHA256     []byte
	Source     sdk.Origin
}

// Adopt moves a file from a call's folder into the store and returns it as an artifact. The file must be a regular file
// beneath the folder, with one link and the announced size; the plugin has synced and hashed it. The same content under
// the same name is replaced, which also mends a copy that someone has changed; the checksum is then computed anew, so
// that no plugin can replace what another one stored. After an error the file is still in the call's folder.
func (s *Store) Adopt(c Candidate) (sdk.Artifact, error) {
	if len(c.SHA256) != 32 {
		return sdk.Artifact{}, fmt.Errorf("the checksum of %q is not a SHA-256", c.Name)
	}
	if err := check(c); err != nil {
		return sdk.Artifact{}, err
	}
	name := CleanName(c.Name)
	sum := hex.EncodeToString(c.SHA256)
	folder := filepath.Join(s.folder("artifacts"), sum[:32])
	a := sdk.Artifact{
		URI: "artifact://" + sum[:32] + "/" + url.PathEscape(name), Name: name, MediaType: c.MediaType, Size: c.Size,
		SHA256: sum, Path: filepath.Join(folder, name), Source: c.Source,
	}
	staged := filepath.Join(c.StagingDir, c.Path)
	if _, err := os.Lstat(a.Path); err == nil {
		if err := verify(staged, c.SHA256); err != nil {
			return sdk.Artifact{}, err
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return sdk.Artifact{}, err
	}
	if err := writeMetadata(filepath.Join(folder, "."+name+".json"), a); err != nil {
		return sdk.Artifact{}, err
	}
	if err := os.Rename(staged, a.Path); err != nil {
		return sdk.Artifact{}, err
	}
	return a, errors.Join(syncFolder(folder), syncFolder(filepath.Dir(folder)))
}

// verify reads a file and compares its content with a checksum.
func verify(path string, sum []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("reading the file handed over: %w", err)
	}
	if !bytes.Equal(h.Sum(nil), sum) {
		return errors.New("the content does not have the checksum that the plugin announced")
	}
	return nil
}

// Keep moves the remains of an interrupted download out of the call's folder and returns their new path.
func (s *Store) Keep(c Candidate) (string, error) {
	if err := check(c); err != nil {
		return "", err
	}
	return s.keep(c.StagingDir, c.Path, CleanName(c.Name))
}

// Rescue keeps all that a call left in its folder: what a plugin had received when it was killed, or its call cancelled.
func (s *Store) Rescue(stagingDir string) (paths []string, err error) {
	entries, err := os.ReadDir(stagingDir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr != nil || !info.Mode().IsRegular() || info.Size() == 0 || !solelyOwned(info) {
			continue
		}
		path, keepErr := s.keep(stagingDir, e.Name(), CleanName(e.Name()))
		if keepErr != nil {
			err = errors.Join(err, keepErr)
			continue
		}
		paths = append(paths, path)
	}
	return paths, err
}

func (s *Store) keep(stagingDir, file, name string) (string, error) {
	if err := os.MkdirAll(s.folder("partial"), 0o700); err != nil {
		return "", err
	}
	base := filepath.Join(s.folder("partial"), filepath.Base(stagingDir)+"-")
	path := base + name
	for n := 2; ; n++ { // a call may keep several of one name
		if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
			break
		}
		path = fmt.Sprintf("%s%d-%s", base, n, name)
	}
	if err := os.Rename(filepath.Join(stagingDir, file), path); err != nil {
		return "", err
	}
	return path, syncFolder(filepath.Dir(path))
}

// check looks at the file without leaving the folder, whatever links the plugin may have put there.
func check(c Candidate) error {
	if c.Path == "" || c.Path != filepath.Base(c.Path) {
		return fmt.Errorf("the path of %q is not a file of the call's folder", c.Name)
	}
	root, err := os.OpenRoot(c.StagingDir)
	if err != nil {
		return fmt.Errorf("opening the call's folder: %w", err)
	}
	defer func() { _ = root.Close() }() // only read
	info, err := root.Lstat(c.Path)
	if err != nil {
		return fmt.Errorf("looking at the file handed over: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a regular file", c.Name)
	case info.Size() != c.Size:
		return fmt.Errorf("%q has %d bytes, not the announced %d", c.Name, info.Size(), c.Size)
	case !solelyOwned(info):
		return fmt.Errorf("%q has another owner or more than one link", c.Name)
	}
	return nil
}

func writeMetadata(path string, a sdk.Artifact) error {
	encoded, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(append(encoded, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the metadata: %w", err)
	}
	return os.Rename(f.Name(), path)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(syncOpenFolder(f), f.Close())
}
