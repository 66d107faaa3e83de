package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/sdk"
)

// bounds are what one process may do.
type bounds struct {
	policy    sandbox.Policy
	sandboxed bool     // the launcher enforces the policy
	env       []string // beside what every process gets
	digest    bool     // the file's digest is asked for
}

// sandboxed reports whether the plugin's processes are bounded by the launcher.
func (p *Plugin) sandboxed() bool {
	cfg := p.sup.cfg
	return runtime.GOOS == "linux" && cfg.Launcher != "" && (cfg.Sandbox == nil || cfg.Sandbox(p.Name())) && p.sup.launcherExists()
}

// bareBounds are those of a process that is only asked what it is.
func (p *Plugin) bareBounds() (bounds, error) {
	b := bounds{sandboxed: p.sandboxed(), policy: sandbox.Policy{Memory: p.sup.cfg.Memory}}
	if !p.sup.cfg.SandboxRequired {
		return b, nil
	}
	switch missing := p.sup.missing(); {
	case b.sandboxed && missing == "":
		return b, nil
	case b.sandboxed || p.sup.cfg.Launcher == "" || runtime.GOOS != "linux" || !p.sup.launcherExists():
		return b, fmt.Errorf("this server is to run plugins only within bounds (sandbox: required), and they cannot be set here: %s", missing)
	}
	return b, errors.New("this server is to run plugins only within bounds (sandbox: required), and for this one they are switched off; change one of the two")
}

// boundsOf turns what a plugin declares into bounds. It opens the plugin's way out when it is first asked.
func (p *Plugin) boundsOf(m sdk.Manifest) (bounds, error) {
	b, err := p.bareBounds()
	if err != nil {
		return b, err
	}
	if m.Permissions.MemoryMiB > 0 {
		b.policy.Memory = uint64(m.Permissions.MemoryMiB) << 20
	}
	if b.sandboxed {
		b.policy.Read = p.folders(m.Permissions)
		if p.sup.cfg.Staging != nil {
			dir := p.sup.cfg.Staging(p.Name())
			if err := os.MkdirAll(dir, 0o700); err != nil { // bounds are set on what is there
				return b, fmt.Errorf("making the folder of the plugin's calls: %w", err)
			}
			b.policy.Write = []string{dir}
		}
	}
	if m.Name == "" || p.sup.cfg.Egress == nil {
		return b, nil
	}
	door, err := p.wayOut(m.Permissions, b.sandboxed)
	if err != nil || door == nil {
		return b, err
	}
	b.policy.Connect = door.Port()
	for _, name := range proxyVariables {
		b.env = append(b.env, name+"="+door.URL())
	}
	return b, nil
}

// proxyVariables tell libraries of the way out, and the SDK that it leads everywhere.
var proxyVariables = []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", pluginv1.EgressKey}

// wayOut returns the plugin's door; nil for a plugin that declares no hosts and is kept from connecting at all.
func (p *Plugin) wayOut(asked sdk.Permissions, sandboxed bool) (*egress.Door, error) {
	rules, err := egress.RulesOf(asked, p.sup.cfg.LookupEnv)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.door != nil || sandboxed && rules.Empty() {
		return p.door, nil
	}
	if p.door, err = p.sup.cfg.Egress.Open(p.Name(), rules); err != nil {
		return nil, fmt.Errorf("opening its way out: %w", err)
	}
	p.hide(p.door.Secret())
	return p.door, nil
}

// folders returns the absolute paths that a plugin declares. What has no value here adds nothing, and what is no path is
// ignored, and said once.
func (p *Plugin) folders(asked sdk.Permissions) []string {
	var paths, odd []string
	for _, declared := range asked.Folders {
		values := []string{declared}
		if name, isVariable := strings.CutPrefix(declared, "$"); isVariable {
			if !slices.ContainsFunc(asked.Environment, func(v sdk.EnvVar) bool { return v.Name == name }) {
				odd = append(odd, declared)
				continue
			}
			value, _ := p.sup.cfg.LookupEnv(name)
			values = filepath.SplitList(value)
		}
		for _, value := range values {
			path := p.expanded(value)
			if filepath.IsAbs(path) {
				paths = append(paths, filepath.Clean(path))
			} else if path != "" {
				odd = append(odd, declared)
			}
		}
	}
	if len(odd) > 0 {
		p.warnings.Do(func() {
			p.logger.Warn("the plugin declares folders that are none: want an absolute path, ~/… or $VARIABLE with a declared name",
				"folders", visible.Line(strings.Join(odd, " "), messageBytes))
		})
	}
	return paths
}

// expanded puts the home folder in the place of "~"; it returns nothing when there is none. The plugin itself finds it by
// HOME, too, if it declares that, so nothing else can be meant.
func (p *Plugin) expanded(path string) string {
	rest, isHome := strings.CutPrefix(path, "~")
	if !isHome || rest != "" && rest[0] != '/' && rest[0] != os.PathSeparator {
		return path
	}
	home, _ := p.sup.cfg.LookupEnv("HOME")
	if home == "" {
		return ""
	}
	return filepath.Join(home, rest)
}
