//go:build unix

package artifact

import (
	"os"
	"syscall"
)

// solelyOwned says whether the file is ours alone: no other user's, and no second name through which it could change.
func solelyOwned(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && stat.Nlink == 1
}

func syncOpenFolder(f *os.File) error { return f.Sync() }
