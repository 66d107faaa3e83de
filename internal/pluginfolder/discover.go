package pluginfolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Binary is a file that may be a plugin.
type Binary struct {
	// Name is the file name without its extension.
	Name string
	// Path is the file, links resolved.
	Path string
	// Identity tells what was found; the zero value takes whatever is there.
	Identity Identity
}

// Problem is something in the plugins folder that is not used as a plugin, or a plugin that did not start.
type Problem struct {
	Name string
	// Reason says why, and the way on.
	Reason string
}

// Discover lists the executable files of a folder, sorted by name. Hidden files, folders, files that are not
// executable, the lock file and what copying programs write before they rename it are passed over; an executable that must not be run is a problem. A folder that is missing or unreadable
// is an error, an empty one is not.
func Discover(dir string) (found []Binary, problems []Problem, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, folderError(dir, err)
	}
	if info, err := os.Stat(dir); err == nil && openToAll(info) {
		return nil, nil, fmt.Errorf("the plugins folder %q may be written to by every user, who could add a plugin and get what it declares; take that away with chmod o-w", dir)
	}
	taken := map[string]string{}
	for _, e := range entries {
		if passedOver(e.Name()) || e.IsDir() {
			continue
		}
		b, err := examine(dir, e.Name())
		if err == nil && b.Path != "" && taken[b.Name] != "" {
			err = fmt.Errorf("it has the name of %q; remove one of them", taken[b.Name])
		}
		switch {
		case err != nil:
			problems = append(problems, Problem{Name: e.Name(), Reason: err.Error()})
		case b.Path != "":
			taken[b.Name] = e.Name()
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b Binary) int { return strings.Compare(a.Name, b.Name) })
	return found, problems, nil
}

// passedOver reports whether a name is no plugin's, whatever the file's mode: some file systems call every file executable.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || name == LockName ||
		strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, "~")
}

// examine returns the binary that a folder's entry is, or none when it is something else.
func examine(dir, file string) (Binary, error) {
	path, err := filepath.EvalSymlinks(filepath.Join(dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		return Binary{}, errors.New("it is a link to a file that does not exist; mend or remove it")
	}
	if err != nil {
		return Binary{}, fmt.Errorf("it cannot be examined: %w", reason(err))
	}
	if path, err = filepath.Abs(path); err != nil {
		return Binary{}, fmt.Errorf("it cannot be examined: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Binary{}, fmt.Errorf("it cannot be examined: %w", reason(err))
	}
	if !info.Mode().IsRegular() {
		return Binary{}, nil
	}
	executable, err := checkMode(path, info)
	if err != nil || !executable {
		return Binary{}, err
	}
	return Binary{Name: withoutExtension(file), Path: path, Identity: identityOf(info)}, nil
}

// withoutExtension keeps the dots of a version, as in tool-1.2.
func withoutExtension(file string) string {
	ext := filepath.Ext(file)
	if len(ext) < 2 || ext[1] >= '0' && ext[1] <= '9' {
		return file
	}
	return strings.TrimSuffix(file, ext)
}

func folderError(dir string, err error) error {
	doing := fmt.Sprintf("reading the plugins folder %q", dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w; create it and put the plugin binaries there, or name another folder", doing, fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w; let this user read it, or name another folder", doing, fs.ErrPermission)
	}
	return fmt.Errorf("%s: %w; name a folder that holds the plugin binaries", doing, reason(err))
}

// reason is an error without the path that its text would repeat.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
