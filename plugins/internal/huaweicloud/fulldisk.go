package huaweicloud

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// write puts bytes into the file. A full disk must not cost what the cloud hands out only once: such a download waits for space, up to
// limits.fullDisk at a time, and goes on with the bytes that did not fit. Nothing is read meanwhile, so the connection stays as it is.
func (f *fetch) write(ctx context.Context, s shot, p []byte) error {
	limits := f.client.limits
	for left := limits.fullDisk; ; left -= limits.diskPause {
		n, err := f.file.Write(p)
		p = p[n:]
		if err == nil || !s.fresh || !isFull(err) || left <= 0 {
			return err
		}
		f.progress.say(fmt.Sprintf("the disk is full, %s have arrived; the download waits up to %d more seconds for space, because it cannot be repeated",
			size(f.file.Size()), left/time.Second))
		if f.client.sleep(ctx, limits.diskPause) != nil {
			return err
		}
	}
}

// isFull says whether there is no space, on the disk or in the user's share of it.
func isFull(err error) bool {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39) // Windows has numbers of its own
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		runtime.GOOS == "windows" && (errors.Is(err, diskFull) || errors.Is(err, handleDiskFull))
}
