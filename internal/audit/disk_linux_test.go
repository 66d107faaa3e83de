package audit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDiskIsFull has a small disk: a call that changes something is refused before it runs, no part of a line stays, and
// the log goes on when there is space again.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k")
	if errors.Is(err, unix.EPERM) {
		t.Skip("a small disk cannot be mounted without privileges")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	path, ballast := filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	l := openLog(t, path)
	written := 0
	for err = nil; err == nil; {
		if err = l.Begin(changing("x")); err == nil {
			written++
		}
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if n := len(lines(t, path)); n != written || written == 0 {
		t.Errorf("%d lines, %d calls were told that theirs is written", n, written)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := l.Begin(changing("later")); err != nil {
		t.Error(err)
	}
	if n := len(lines(t, path)); n != written+1 {
		t.Errorf("%d lines", n)
	}
}
