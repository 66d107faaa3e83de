//go:build unix && !solaris && !illumos && !aix

package audit

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const locks = true

func tryLock(file *os.File) (bool, error) {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		}
		return err == nil, err
	}
}

func release(file *os.File) error { return unix.Flock(int(file.Fd()), unix.LOCK_UN) }

// syncFolder makes a file that was just made last.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
