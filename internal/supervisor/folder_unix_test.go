//go:build unix

package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/pluginfolder"
)

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
	if p.Status().State == StateRunning {
		t.Error("the plugin still runs")
	}
	late := k.Plugin(pluginfolder.Binary{Name: "late", Path: install(t, "kitchen")}, Known{})
	if _, err := late.Start(t.Context()); err == nil {
		t.Error("a plugin starts after Close")
	}
}
