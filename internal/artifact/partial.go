package artifact

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Keep moves the remains of an interrupted download out of the call's folder and returns their new path.
func (s *Store) Keep(c Candidate) (string, error) {
	if err := check(c); err != nil {
		return "", err
	}
	return s.keep(c.StagingDir, c.Path, CleanName(c.Name))
}

// rescue keeps all that a call with a claim left in its folder. After an error some of it is still there.
func (s *Store) rescue(stagingDir string) (paths []string, err error) {
	entries, err := os.ReadDir(stagingDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name, _ := os.ReadFile(stagingDir + claimMark) // without a name it is a download
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr != nil || !info.Mode().IsRegular() || info.Size() == 0 || !solelyOwned(info) {
			continue
		}
		path, keepErr := s.keep(stagingDir, e.Name(), CleanName(string(name)))
		if _, gone := os.Lstat(filepath.Join(stagingDir, e.Name())); keepErr != nil && errors.Is(gone, os.ErrNotExist) {
			continue // another host was faster
		}
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
	base := filepath.Join(s.folder("partial"), strings.TrimPrefix(filepath.Base(stagingDir), callPrefix)+"-")
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
