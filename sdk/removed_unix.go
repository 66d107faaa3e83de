//go:build unix

package sdk

import (
	"os"
	"syscall"
)

// isRemoved says whether an open file has no name any more.
func isRemoved(held os.FileInfo) bool {
	stat, ok := held.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}
