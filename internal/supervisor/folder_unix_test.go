//go:build unix

package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/pluginfolder"
)

func TestStartExplainsItsFolder(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := startIn(t, long); err == nil || !strings.Contains(err.Error(), "choose a shorter temporary folder") {
		t.Errorf("a long path gives %v", err)
	}
	if left := list(t, long); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if err := startIn(t, filepath.Join(t.TempDir(), "absent")); err == nil || !strings.Contains(err.Error(), "set TMPDIR to a folder that exists") {
		t.Errorf("a missing folder gives %v", err)
	}
}

// startIn starts a plugin of a supervisor whose folder is below the parent.
func startIn(t *testing.T, parent string) error {
	t.Helper()
	s, err := Open(Config{RuntimeDir: parent})
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Plugin(pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}, Known{}).Start(t.Context())
	return err
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	k.Close()
	k.Close()
	if p.Status().PID != 0 {
		t.Error("the plugin still runs")
	}
	late := k.Plugin(pluginfolder.Binary{Name: "late", Path: install(t, "kitchen")}, Known{})
	if _, err := late.Start(t.Context()); err == nil {
		t.Error("a plugin starts after Close")
	}
}
