//go:build !arm

package sdk

import (
	"os"
	"syscall"
)

// startWriteBack asks the disk to begin to write a part of a file, and does not wait for it. Nothing depends on it: it only leaves less
// to do to the sync at the end.
func startWriteBack(file *os.File, from, n int64) {
	const rangeWrite = 2 // SYNC_FILE_RANGE_WRITE
	conn, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _ = syscall.SyncFileRange(int(fd), from, n, rangeWrite) })
}
