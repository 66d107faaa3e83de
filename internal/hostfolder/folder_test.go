package hostfolder

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const prefix = "host-"

func TestSweepRemovesOnlyWhatDeadHostsLeft(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	living, dead := newFolder(t, parent), newFolder(t, parent)
	if err := dead.lock.Close(); err != nil { // as the system does for a host that was killed
		t.Fatal(err)
	}
	old, fresh, foreign := filepath.Join(parent, "host-1-old"), filepath.Join(parent, "host-1-new"), filepath.Join(parent, "other")
	for _, dir := range []string{filepath.Join(dead.Path, "1", "deep"), old, fresh, foreign} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*unlockedFor)); err != nil {
		t.Fatal(err)
	}
	var given []string
	Sweep(parent, prefix, func(folder string) bool { given = append(given, filepath.Base(folder)); return true })
	if len(given) != 2 || !slices.Contains(given, filepath.Base(dead.Path)) || !slices.Contains(given, "host-1-old") {
		t.Errorf("the last look was at %v", given)
	}
	want := map[string]bool{filepath.Base(living.Path): true, "host-1-new": true, "other": true}
	if diff := cmp.Diff(want, names(t, parent)); diff != "" {
		t.Errorf("after the sweep (-want +got):\n%s", diff)
	}
	living.Remove()
	if names(t, parent)[filepath.Base(living.Path)] {
		t.Error("the folder is there after Remove")
	}
	Sweep(filepath.Join(parent, "absent"), prefix, nil)
}

func TestNewNeedsItsParent(t *testing.T) {
	t.Parallel()
	if _, err := New(filepath.Join(t.TempDir(), "absent"), prefix); err == nil {
		t.Error("a folder in a missing folder is made")
	}
}

func newFolder(t *testing.T, parent string) *Folder {
	t.Helper()
	f, err := New(parent, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func names(t *testing.T, dir string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		found[e.Name()] = true
	}
	return found
}
