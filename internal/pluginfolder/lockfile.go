package pluginfolder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	lockVersion = 1
	maxLock     = 32 << 20
)

// ReadLock reads a lock file; nil without an error when there is none. One that cannot be read or understood is an error: nothing
// must run then.
func ReadLock(path string) (*Lock, error) {
	content, err := readLockFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock file %q, without which no plugin runs: %w", path, err)
	}
	l, err := decodeLock(content)
	if err != nil {
		return nil, fmt.Errorf("reading the lock file %q: %w; mend it, or remove it and write it anew with `mcp-server plugin lock`", path, err)
	}
	l.Path = path
	return l, nil
}

// readLockFile returns [fs.ErrNotExist] only if there is nothing by that name, not even a link to nowhere.
func readLockFile(path string) ([]byte, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, reason(err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it is a link to a file that does not exist; mend or remove it")
	}
	if err != nil {
		return nil, fmt.Errorf("%w; let this user read it", reason(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case openToAll(info):
		return nil, errors.New("every user may write to it; take that away with chmod o-w")
	case info.Size() > maxLock:
		return nil, fmt.Errorf("it has %d bytes, at most %d", info.Size(), maxLock)
	}
	content := make([]byte, info.Size())
	n, err := f.ReadAt(content, 0)
	if n < len(content) {
		return nil, fmt.Errorf("it is being written: %w", reason(err))
	}
	return content, nil
}

// WriteLock replaces the lock file at once, and keeps its mode. The same content gives the same bytes. Behind a link it is the link's target
// that is written.
func WriteLock(path string, l Lock) error {
	content, err := encodeLock(l)
	if err != nil {
		return fmt.Errorf("writing the lock file %q: %w", path, err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := replaceFile(path, content, mode, true); err != nil {
		return fmt.Errorf("writing the lock file %q: %w", path, err)
	}
	return nil
}

// validLocked refuses what could never match, or not be written.
func validLocked(name string, l Locked) error {
	if name == "" {
		return errors.New("a plugin has no name")
	}
	if len(l.SHA256) != 64 || strings.Trim(l.SHA256, "0123456789abcdef") != "" {
		return fmt.Errorf("its sha256 %q is not 64 lower-case hexadecimal digits", l.SHA256)
	}
	for _, t := range l.Tools {
		for _, schema := range []json.RawMessage{t.InputSchema, t.OutputSchema} {
			if len(schema) > 0 && !json.Valid(schema) {
				return fmt.Errorf("a schema of tool %q is not JSON", t.Name)
			}
		}
	}
	return nil
}
