package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/sandbox"
)

// policy is what the launcher allows a plugin that declares what the manifest says, beside its own folders.
func (t *trial) policy() sandbox.Policy {
	p := sandbox.Policy{Memory: uint64(t.allowedMemory())}
	if t.door != nil {
		p.Connect = t.door.Port()
	}
	for _, declared := range t.manifest.Permissions.Folders {
		folders := []string{declared}
		if name, isVariable := strings.CutPrefix(declared, "$"); isVariable {
			folders = filepath.SplitList(t.Environment[name])
		}
		for _, folder := range folders {
			if rest, below := strings.CutPrefix(folder, "~"); below {
				folder = filepath.Join(t.Environment["HOME"], rest)
			}
			if filepath.IsAbs(folder) {
				p.Read = append(p.Read, folder)
			}
		}
	}
	return p
}

// allowedMemory is in bytes.
func (t *trial) allowedMemory() int64 {
	if declared := t.manifest.Permissions.MemoryMiB; declared > 0 {
		return int64(declared) << 20
	}
	return sandbox.DefaultMemory
}

// openDoor readies the plugin's way out, once its manifest is known.
func (t *trial) openDoor() error {
	if t.door != nil {
		t.door.Close()
	}
	rules, err := egress.RulesOf(t.manifest.Permissions, t.lookup)
	if err != nil {
		return err
	}
	if t.door, err = t.proxy.Open(t.manifest.Name, rules); err != nil {
		return fmt.Errorf("opening its way out: %w", err)
	}
	return nil
}

// wayOut tells a process of the door.
func (t *trial) wayOut() []string {
	if t.door == nil {
		return nil
	}
	var env []string
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", pluginv1.EgressKey} {
		env = append(env, name+"="+t.door.URL())
	}
	return env
}

// staging is the folder of the calls' folders.
func (t *trial) staging() string { return filepath.Join(t.root, "calls") }

// stagingFor makes the private folder of a call; empty for a tool that stores no files.
func (t *trial) stagingFor(call string) (string, error) {
	if !t.tool.StoresFiles {
		return "", nil
	}
	folder := filepath.Join(t.staging(), call)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of a call: %w", err)
	}
	return folder, nil
}
