package artifact

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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

// Adopt moves a file from a call's folder into the store. The file must be a regular file beneath the folder, with one
// link and the announced size; the plugin has synced and hashed it. The same content under the same name is replaced,
// which also mends a copy that someone has changed; the checksum is then computed anew, so that no plugin can replace what
// another one stored.
func (s *Store) Adopt(c Candidate) (Record, error) { return s.adopt(c, "") }

// adopt is Adopt; claim is the key of the once-only download that the file came from.
func (s *Store) adopt(c Candidate, claim string) (Record, error) {
	if len(c.SHA256) != sha256.Size {
		return Record{}, fmt.Errorf("the checksum of %q is not a SHA-256", c.Name)
	}
	h, err := check(c)
	if err != nil {
		return Record{}, err
	}
	defer h.close()
	r := s.newRecord(c.Name, c.MediaType, c.Size, c.SHA256, c.Source)
	r.Claim = claim
	move := h.moveTo
	if _, err := os.Lstat(r.Path); err == nil {
		passing, err := s.pass(h, r)
		if err != nil {
			return Record{}, err
		}
		defer func() { _ = os.Remove(passing) }() // gone already when all went well
		move = func(path string) error { return os.Rename(passing, path) }
	}
	return r, s.place(move, r)
}

// pass moves a file that would take the place of a stored one to where no plugin can write, and compares its content there.
func (s *Store) pass(h *handed, r Record) (path string, err error) {
	path = filepath.Join(s.TempDir(), "passing-"+rand.Text())
	if err := h.moveTo(path); err != nil {
		return "", err
	}
	if err := verify(path, r.SHA256); err != nil {
		return "", errors.Join(err, moveBack(path, h.folder, h.name))
	}
	return path, nil
}

// place has a checked file moved to its final name, metadata first, so that no content is ever without.
func (s *Store) place(move func(path string) error, r Record) error {
	unlock, err := s.share()
	if err != nil {
		return err
	}
	defer unlock()
	folder := filepath.Dir(r.Path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if old, err := s.read(filepath.Base(folder), r.Name); err == nil && r.Claim == "" {
		r.Claim = old.Claim // what came from a once-only source stays so
	}
	if err := s.writeMetadata(r); err != nil {
		return err
	}
	if err := move(r.Path); err != nil {
		return err
	}
	s.grow()
	return errors.Join(syncFolder(folder), syncFolder(filepath.Dir(folder)))
}

func (s *Store) writeMetadata(r Record) error {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(metadataPath(r.Path), append(encoded, '\n')); err != nil {
		return fmt.Errorf("writing the metadata: %w", err)
	}
	return nil
}

// verify reads a file and compares its content with a checksum in hexadecimal.
func verify(path, sum string) error {
	got, err := checksum(context.Background(), path)
	if err != nil {
		return fmt.Errorf("reading the file back: %w", err)
	}
	if want, err := hex.DecodeString(sum); err != nil || !bytes.Equal(got, want) {
		return errors.New("the content does not have the announced checksum")
	}
	return nil
}

func checksum(ctx context.Context, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	err = copyUntil(ctx, h, f)
	return h.Sum(nil), err
}

// writeFile replaces a file as a whole: after a crash there is the old content or the new. The folder is made when it is
// missing, and synced.
func writeFile(path string, content []byte) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, temporaryPrefix+"*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(syncOpenFolder(f), f.Close())
}
