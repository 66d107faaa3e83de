package host

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestALockFileThatIsNamedMustBeThere because whoever names one relies on it, and somebody may have removed it.
func TestALockFileThatIsNamedMustBeThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	named := newHost(Config{PluginsDir: dir, Logger: newTestHost(t).logger, Plugins: Processes{LockFile: filepath.Join(dir, "missing.json")}})
	named.readLock()
	if err := named.accepts(offering("p")); err == nil || !strings.Contains(err.Error(), "plugin lock") {
		t.Errorf("with a lock file that is named and missing: %v", err)
	}
	byDefault := newHost(Config{PluginsDir: dir, Logger: named.logger})
	byDefault.readLock()
	if err := byDefault.accepts(offering("p")); err != nil {
		t.Errorf("without a lock file: %v", err)
	}
}
