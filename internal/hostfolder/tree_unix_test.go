//go:build unix

package hostfolder

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRemoveTree(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	kept := filepath.Join(parent, "kept")
	if err := os.WriteFile(kept, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	top := filepath.Join(parent, "top")
	nest(t, top, 5000)
	for _, dir := range []string{"closed", "closed/in", ".lifted-1", ".lifted-2/x", "empty"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		_ = os.WriteFile(filepath.Join(top, dir, "file"), nil, 0)
	}
	for link, target := range map[string]string{"out": kept, "up": parent, "closed/up": parent} {
		if err := os.Symlink(target, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(top, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	if err := RemoveTree(top); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(top); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	link := filepath.Join(parent, "link")
	if err := os.Symlink(kept, link); err != nil {
		t.Fatal(err)
	}
	if err := RemoveTree(link); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "kept" {
		t.Errorf("what links led to is %q, %v", text, err)
	}
	if err := RemoveTree(link); err != nil {
		t.Errorf("what is not there: %v", err)
	}
}

// nest makes folders within folders, deeper than a path can be long.
func nest(t *testing.T, top string, depth int) {
	t.Helper()
	if err := os.Mkdir(top, 0o700); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Open(top, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	for range depth {
		if err != nil {
			t.Fatal(err)
		}
		if err = unix.Mkdirat(at, "d", 0o700); err != nil {
			continue
		}
		var next int
		next, err = unix.Openat(at, "d", unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		_ = unix.Close(at)
		at = next
	}
	_ = unix.Close(at)
}
