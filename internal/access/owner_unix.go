//go:build unix

package access

import (
	"os"
	"syscall"
)

// ownerOf returns whose file it is.
func ownerOf(info os.FileInfo) (uid int, known bool) {
	about, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(about.Uid), true
}
