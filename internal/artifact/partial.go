package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Keep moves the remains of an interrupted download out of the call's folder and returns their new path.
func (s *Store) Keep(c Candidate) (string, error) {
	h, err := check(c)
	if err != nil {
		return "", err
	}
	defer h.close()
	return s.keep(h, c.StagingDir, CleanName(c.Name))
}

// rescue keeps all that a call with a claim left in its folder. After an error some of it is still there.
func (s *Store) rescue(stagingDir string) (paths []string, err error) {
	root, err := openCallFolder(stagingDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	name := CleanName(readMark(stagingDir)) // without a name it is a download
	for _, e := range entries {
		path, keepErr := s.keepRemains(stagingDir, e.Name(), name)
		if _, gone := root.Lstat(e.Name()); keepErr != nil && errors.Is(gone, os.ErrNotExist) {
			continue // another host was faster
		}
		if err = errors.Join(err, keepErr); keepErr == nil && path != "" {
			paths = append(paths, path)
		}
	}
	return paths, err
}

// keepRemains keeps a file that holds something; the path is empty for anything else.
func (s *Store) keepRemains(stagingDir, file, name string) (string, error) {
	h, err := hold(stagingDir, file)
	if err != nil {
		return "", err
	}
	defer h.close()
	if !h.info.Mode().IsRegular() || h.info.Size() == 0 || !solelyOwned(h.info) {
		return "", nil
	}
	return s.keep(h, stagingDir, name)
}

func (s *Store) keep(h *handed, stagingDir, name string) (string, error) {
	if err := os.MkdirAll(s.folder("partial"), 0o700); err != nil {
		return "", err
	}
	base := filepath.Join(s.folder("partial"), strings.TrimPrefix(filepath.Base(stagingDir), callPrefix)+"-")
	path := base + name
	for n := 2; ; n++ { // a call may keep several of one name
		if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
			break
		}
		path = fmt.Sprintf("%s%d-%s", base, n, name)
	}
	if err := h.moveTo(path); err != nil {
		return "", err
	}
	return path, syncFolder(filepath.Dir(path))
}

// keptOf returns what is kept of a call.
func (s *Store) keptOf(call string) []Kept {
	var kept []Kept
	for _, path := range s.glob("partial/" + call + "-*") { // a call's id has no pattern in it
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
			kept = append(kept, Kept{Path: path, Size: info.Size()})
		}
	}
	return kept
}
