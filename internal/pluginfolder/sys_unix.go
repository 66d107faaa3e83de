//go:build unix

package pluginfolder

import (
	"errors"
	"os"
	"syscall"
)

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
