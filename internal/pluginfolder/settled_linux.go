package pluginfolder

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// isOpenForWriting asks for a read lease (fcntl(2)), which the kernel refuses with EAGAIN while anybody can write to the file. Nothing
// is known of the files of others, and on network file systems, where EAGAIN means something else.
func isOpenForWriting(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	busy := false
	err = raw.Control(func(fd uintptr) {
		if !isLocal(int(fd)) {
			return
		}
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		busy = errors.Is(err, unix.EAGAIN)
		if err == nil { // a writer that opens the file meanwhile waits for this
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		}
	})
	return err == nil && busy
}

func isLocal(fd int) bool {
	var stat unix.Statfs_t
	if unix.Fstatfs(fd, &stat) != nil {
		return false
	}
	return slices.Contains([]int64{unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC},
		int64(stat.Type)) //nolint:unconvert // its width differs by processor
}
