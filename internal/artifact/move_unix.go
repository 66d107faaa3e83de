//go:build unix

package artifact

import (
	"os"

	"golang.org/x/sys/unix"
)

// openAtOnce keeps a pipe that has taken a file's place from holding up whoever opens it.
const openAtOnce = unix.O_NONBLOCK

// moveFrom moves a file out of an open folder, whatever the folder's path leads to by now.
func moveFrom(folder *os.File, name, path string) error {
	if err := unix.Renameat(int(folder.Fd()), name, unix.AT_FDCWD, path); err != nil {
		return &os.LinkError{Op: "rename", Old: name, New: path, Err: err}
	}
	return nil
}

// moveBack moves a file into an open folder.
func moveBack(path string, folder *os.File, name string) error {
	if err := unix.Renameat(unix.AT_FDCWD, path, int(folder.Fd()), name); err != nil {
		return &os.LinkError{Op: "rename", Old: path, New: name, Err: err}
	}
	return nil
}
