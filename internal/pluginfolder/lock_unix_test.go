//go:build unix

package pluginfolder

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteLockKeeps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteLock(link, sampleLock()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(target); err != nil || info.Mode() != 0o640 || info.Size() == 0 {
		t.Errorf("the target is %v, %v", info, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if listed, err := os.ReadDir(dir); err != nil || len(listed) != 2 {
		t.Errorf("the folder holds %v, %v", listed, err)
	}
}

func TestReadLockIsNoLock(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(path string) error{
		"a link to a file that does not exist": func(path string) error { return os.Symlink("nowhere", path) },
		"not a regular file":                   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"every user may write to it": func(path string) error {
			if err := os.WriteFile(path, []byte(sampleText), 0o600); err != nil {
				return err
			}
			return os.Chmod(path, 0o666)
		},
		"at most 33554432": func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, maxLock+1)
		},
	} {
		path := filepath.Join(t.TempDir(), LockName)
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		if l, err := ReadLock(path); l != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it gives %v, %v; want %q", l, err, want)
		}
	}
}
