//go:build unix

package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSweepStale(t *testing.T) {
	t.Parallel()
	parent := shortDir(t)
	living, err := newRuntimeFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer living.remove()
	dead, err := newRuntimeFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	_ = dead.lock.Close() // as the system does for a host that was killed
	if err := os.MkdirAll(filepath.Join(dead.path, "1", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	old, fresh, foreign := filepath.Join(parent, "mcpsrv-1-old"), filepath.Join(parent, "mcpsrv-1-new"), filepath.Join(parent, "other")
	for _, dir := range []string{old, fresh, foreign} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*unlockedFor)); err != nil {
		t.Fatal(err)
	}
	SweepStale(parent)
	want := []string{living.path, filepath.Join(living.path, lockName), fresh, foreign}
	got := list(t, parent)
	if diff := cmp.Diff(asSet(want), asSet(got)); diff != "" {
		t.Errorf("after the sweep (-want +got):\n%s", diff)
	}
	SweepStale(filepath.Join(parent, "absent"))
}

func asSet(paths []string) map[string]bool {
	set := map[string]bool{}
	for _, p := range paths {
		set[p] = true
	}
	return set
}

func TestOpenExplainsItsFolder(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{RuntimeDir: long}); err == nil || !strings.Contains(err.Error(), "choose a shorter temporary folder") {
		t.Errorf("a long path gives %v", err)
	}
	if left := list(t, long); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if _, err := Open(Config{RuntimeDir: filepath.Join(t.TempDir(), "absent")}); err == nil {
		t.Error("a missing folder is accepted")
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	k.Close()
	k.Close()
	if p.Status().Running {
		t.Error("the plugin still runs")
	}
	late := k.Plugin(Binary{Name: "late", Path: install(t, "kitchen")})
	if _, err := late.Start(t.Context()); err == nil {
		t.Error("a plugin starts after Close")
	}
}
