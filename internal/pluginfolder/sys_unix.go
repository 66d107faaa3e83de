//go:build unix

package pluginfolder

import (
	"errors"
	"os"
	"syscall"
)

const (
	// openFlags keeps a pipe that has taken a file's place from blocking whoever opens it.
	openFlags = syscall.O_NONBLOCK
	noFollow  = syscall.O_NOFOLLOW
)

// onlyOurs reports whether nobody but this user and the administrator can have written the file.
func onlyOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

// checkMode reports whether a file may be run at all, and if so, why it should not be.
func checkMode(_ string, info os.FileInfo) (executable bool, problem error) {
	if info.Mode().Perm()&0o111 == 0 {
		return false, nil
	}
	if openToAll(info) {
		return true, errors.New("every user may write to it, so it is not started; take that away with chmod o-w")
	}
	return true, nil
}

func openToAll(info os.FileInfo) bool { return info.Mode().Perm()&0o002 != 0 }

func identityOf(info os.FileInfo) Identity {
	i := Identity{Size: info.Size(), Modtime: info.ModTime().UnixNano()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		i.Device, i.Inode, i.Changed = uint64(stat.Dev), stat.Ino, changeTime(stat) //nolint:unconvert // its width differs by system
	}
	return i
}
