package pluginfolder

import (
	"errors"
	"fmt"
	"os"
)

// Identity tells one content of one file from another without reading it. A file that is written to in place gets another
// change time, which a program cannot set (inode(7)).
type Identity struct {
	Device  uint64 `json:"device"`
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"`
	Modtime int64  `json:"mtime_ns"`
	Changed int64  `json:"ctime_ns"` // zero where the system has none
}

// ErrChanged is the cause of errors of a file that is another one than was found in the folder.
var ErrChanged = errors.New("the file has changed")

// Program is a plugin's file, opened to be run: what was checked is what runs, whatever becomes of its path.
type Program struct {
	Binary
	File *os.File
}

// Open opens the file and makes sure that it is the one that was found. The caller closes it.
func (b Binary) Open() (*Program, error) {
	f, err := os.OpenFile(b.Path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	found, err := identify(f)
	if err == nil && b.Identity != (Identity{}) && found != b.Identity {
		err = errSinceFound()
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	b.Identity = found
	return &Program{Binary: b, File: f}, nil
}

// Unchanged reports as an error that somebody has written to the file since it was found. Where another file took its path, or a link to it
// came or went, the system does not tell that from a write, and it is the error as well: what is at the path must be found again.
func (p *Program) Unchanged() error {
	now, err := identify(p.File)
	if err != nil {
		return err
	}
	if now != p.Identity {
		return errSinceFound()
	}
	return nil
}

func errSinceFound() error {
	return fmt.Errorf("%w since it was found in the plugins folder", ErrChanged)
}

// Close closes the file.
func (p *Program) Close() { _ = p.File.Close() }

func identify(f *os.File) (Identity, error) {
	info, err := f.Stat()
	if err != nil {
		return Identity{}, err
	}
	if !info.Mode().IsRegular() {
		return Identity{}, errors.New("it is not a regular file")
	}
	return identityOf(info), nil
}

// LookAgain returns the binary with the identity that its file has now, or as it was when the file is gone.
func LookAgain(b Binary) Binary {
	if info, err := os.Stat(b.Path); err == nil {
		b.Identity = identityOf(info)
	}
	return b
}
