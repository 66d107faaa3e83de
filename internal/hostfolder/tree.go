package hostfolder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// RemoveTree removes what is at a path, as os.RemoveAll, when somebody else has filled it: folders nested so deep that following them
// would take every descriptor of this process, or with modes that forbid to look into them. It does not leave the folder, whatever is
// put into it meanwhile.
func RemoveTree(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.IsDir() {
		return errors.Join(err, os.Remove(path))
	}
	_ = os.Chmod(path, 0o700) //nolint:gosec // a folder needs that to be emptied
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	t := tree{root: root}
	err = t.empty(".")
	for len(t.lifted) > 0 && err == nil {
		next := t.lifted[len(t.lifted)-1]
		t.lifted = t.lifted[:len(t.lifted)-1]
		if err = t.empty(next); err == nil {
			err = root.Remove(next)
		}
	}
	if err := errors.Join(err, root.Close()); err != nil {
		return err
	}
	return os.Remove(path)
}

// tree is a folder that is being emptied. Folders in it that are not empty are lifted to its top, to be emptied in turn: no path is long,
// and one folder is open at a time.
type tree struct {
	root   *os.Root
	lifted []string
	last   int
}

// empty removes all that is in a folder, or lifts it.
func (t *tree) empty(folder string) error {
	names, err := t.names(folder)
	for _, name := range names {
		err = errors.Join(err, t.remove(filepath.Join(folder, name)))
	}
	return err
}

func (t *tree) names(folder string) ([]string, error) {
	f, err := t.root.Open(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	names, err := f.Readdirnames(-1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}

func (t *tree) remove(path string) error {
	err := t.root.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if info, statErr := t.root.Lstat(path); statErr != nil || !info.IsDir() {
		return err
	}
	_ = t.root.Chmod(path, 0o700) // to be moved, and to be looked into
	t.last++
	to := ".lifted-" + strconv.Itoa(t.last)
	for {
		if _, err := t.root.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		t.last++
		to = ".lifted-" + strconv.Itoa(t.last)
	}
	if err := t.root.Rename(path, to); err != nil {
		return err
	}
	t.lifted = append(t.lifted, to)
	return nil
}
