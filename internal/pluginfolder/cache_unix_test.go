//go:build unix

package pluginfolder

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestCacheForeign(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(file string) error{
		"open to others": func(file string) error { return os.Chmod(file, 0o666) },
		"a link": func(file string) error {
			if err := os.Rename(file, file+"2"); err != nil {
				return err
			}
			return os.Symlink(file+"2", file)
		},
		"a pipe": func(file string) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return syscall.Mkfifo(file, 0o600)
		},
		"a folder": func(file string) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Mkdir(file, 0o700)
		},
		"somebody else's": func(file string) error {
			if os.Geteuid() != 0 {
				return os.Remove(file) // only root can make it somebody's
			}
			return os.Chown(file, 12345, 12345)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c, b := agedCache(filepath.Join(dir, "cache")), binary(t, filepath.Join(dir, "tool"), "one")
			c.Put(b, sample)
			info, err := os.Stat(c.file(b))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("the entry is %v, %v", info, err)
			}
			if info, err = os.Stat(c.dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Fatalf("the folder is %v, %v", info, err)
			}
			if err := spoil(c.file(b)); err != nil {
				t.Fatal(err)
			}
			if e, ok := c.Get(b); ok {
				t.Errorf("it gives %v", e)
			}
			c.Put(b, sample)
			if _, ok := c.Get(b); ok != (name != "a folder") {
				t.Errorf("after storing it anew: %v", ok)
			}
		})
	}
}
