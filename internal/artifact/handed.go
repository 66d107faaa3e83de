package artifact

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// handed is a file in a call's folder. Its plugin may write to that folder and to the one around it, so both are held open, and no link that
// takes the place of one of them leads anywhere else.
type handed struct {
	folder *os.File
	name   string
	info   os.FileInfo // as it was checked
}

// openCallFolder opens a call's folder. The one around it is its plugin's, which the plugin cannot replace.
func openCallFolder(dir string) (*os.Root, error) {
	around, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = around.Close() }() // only read
	info, err := around.Lstat(filepath.Base(dir))
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errors.New("something else has taken its place")
	}
	return around.OpenRoot(filepath.Base(dir)) // a link that comes now does not lead out of the plugin's folder
}

// check looks at the file of a candidate, whatever links the plugin may have put there. The caller closes what it returns.
func check(c Candidate) (*handed, error) {
	if c.Path == "" || c.Path != filepath.Base(c.Path) {
		return nil, fmt.Errorf("the path of %q is not a file of the call's folder", c.Name)
	}
	h, err := hold(c.StagingDir, c.Path)
	if err != nil {
		return nil, fmt.Errorf("looking at the file handed over: %w", err)
	}
	switch {
	case !h.info.Mode().IsRegular():
		err = fmt.Errorf("%q is not a regular file", c.Name)
	case h.info.Size() != c.Size:
		err = fmt.Errorf("%q has %d bytes, not the announced %d", c.Name, h.info.Size(), c.Size)
	case !solelyOwned(h.info):
		err = fmt.Errorf("%q has another owner or more than one link", c.Name)
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// hold opens the folder of a file, and looks at the file without following a link.
func hold(dir, name string) (*handed, error) {
	root, err := openCallFolder(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // the folder itself stays open
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	return &handed{folder, name, info}, nil
}

func (h *handed) close() { _ = h.folder.Close() } // only read

// moveTo moves the file out of the folder, and takes nothing for it that came there since it was checked: that is removed.
func (h *handed) moveTo(path string) error {
	if err := moveFrom(h.folder, h.name, path); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || !os.SameFile(info, h.info) {
		return errors.Join(errors.New("it was replaced while it was handed over"), os.Remove(path))
	}
	return nil
}

// maxMark bounds a claim's mark, which lies where its plugin can write.
const maxMark = 4 << 10

// readMark reads the name in a claim's mark; without one it is a download.
func readMark(dir string) string {
	around, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return ""
	}
	defer func() { _ = around.Close() }() // only read
	name := filepath.Base(dir) + claimMark
	f, err := around.OpenFile(name, os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(f, maxMark))
	return string(text)
}
