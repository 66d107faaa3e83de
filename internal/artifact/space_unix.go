//go:build unix

package artifact

import "golang.org/x/sys/unix"

// freeSpace is how many bytes the user may still write to the disk of a folder.
func freeSpace(folder string) (bytes uint64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:gosec,unconvert // the types differ between systems; neither is negative
}
