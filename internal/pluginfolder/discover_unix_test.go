//go:build unix

package pluginfolder

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// junkFolder holds what may stand in a plugins folder.
func junkFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{
		"b-tool": 0o755, "a.exe": 0o700, "a-tool": 0o755, "tool-1.2": 0o755, "dup.sh": 0o755, "dup.py": 0o755,
		"README.md": 0o644, "LICENSE": 0o666, ".hidden": 0o755, "open": 0o777,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // without the umask
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"linked": "b-tool", "broken": "nowhere", "loop": "loop", "to-a-folder": "."} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	dir := junkFolder(t)
	found, problems, err := Discover(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Binary{
		{Name: "a", Path: dir + "/a.exe"}, {Name: "a-tool", Path: dir + "/a-tool"}, {Name: "b-tool", Path: dir + "/b-tool"},
		{Name: "dup", Path: dir + "/dup.py"}, {Name: "linked", Path: dir + "/b-tool"}, {Name: "tool-1.2", Path: dir + "/tool-1.2"},
	}
	for i, b := range found {
		if b.Identity.Inode == 0 || b.Identity.Changed == 0 {
			t.Errorf("%s has no identity: %+v", b.Name, b.Identity)
		}
		found[i].Identity = Identity{}
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	reasons := []string{"broken: it is a link to a file that does not exist", `dup.sh: it has the name of "dup.py"`,
		"loop: it cannot be examined", "open: every user may write to it"}
	if len(problems) != len(reasons) {
		t.Fatalf("the problems are %q", problems)
	}
	for i, p := range problems {
		if !strings.HasPrefix(p.Name+": "+p.Reason, reasons[i]) {
			t.Errorf("problem %d is %q; want %q", i, p, reasons[i])
		}
	}
}

func TestDiscoverFolders(t *testing.T) {
	t.Parallel()
	if found, problems, err := Discover(t.TempDir()); err != nil || len(found)+len(problems) != 0 {
		t.Errorf("an empty folder gives %v, %v, %v", found, problems, err)
	}
	missing := filepath.Join(t.TempDir(), "plugins")
	if _, _, err := Discover(missing); err == nil || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "create it") {
		t.Errorf("a missing folder gives %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Discover(file); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("a file gives %v", err)
	}
}
