package host

import (
	"time"

	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor"
)

// StartMode says when a plugin's process is started.
type StartMode string

// The start modes. Lazy waits for the first call; background starts all plugins once the server serves; eager starts them before.
const (
	StartLazy       StartMode = "lazy"
	StartBackground StartMode = "background"
	StartEager      StartMode = "eager"
)

// Processes says how the plugins' processes are run.
type Processes struct {
	// Start is lazy when it is empty.
	Start StartMode
	// CacheDir keeps what plugins say of themselves; empty keeps nothing.
	CacheDir string
	// LockFile names the binaries that may run, and must be there; empty stands for plugins.lock.json in the plugins folder, without
	// which all may run.
	LockFile string
	// IgnoreLock runs plugins whatever the lock file says.
	IgnoreLock bool
	// IdleTimeout is after how long without a call a process is stopped; zero: never.
	IdleTimeout time.Duration
	// StartTimeout is how long a plugin may take to start before it is given up; zero: 10 seconds.
	StartTimeout time.Duration
	// Launcher is the program that bounds a plugin's process; empty: there is none.
	Launcher string
	// Sandbox says whether a plugin is bounded; nil: all are, as far as the launcher and the system can.
	Sandbox func(plugin string) bool
	// SandboxRequired runs no plugin unbounded.
	SandboxRequired bool
	// Memory is what one process may use, in bytes, unless its plugin declares another amount; zero: without a bound.
	Memory uint64
	// Attached are plugins that run already, under a debugger; they stand for the binaries of the same names.
	Attached map[string]supervisor.Attached
	// MaxListBytes is how much of tools/list one plugin may take; zero: without a bound.
	MaxListBytes int
}

// processConfig is how the processes of a tenant are run.
func (h *Host) processConfig(t *tenant, lookup func(string) (string, bool)) supervisor.Config {
	p, metrics := h.cfg.Plugins, h.cfg.Telemetry
	return supervisor.Config{
		Logger: h.logger, LookupEnv: lookup, StartTimeout: p.StartTimeout, IdleTimeout: p.IdleTimeout, Staging: t.store.StagingOf,
		Launcher: p.Launcher, Sandbox: p.Sandbox, SandboxRequired: p.SandboxRequired, Memory: p.Memory, Egress: h.egress, Admit: h.admit,
		Started: metrics.PluginStarted, Crashed: metrics.PluginCrashed, Replayed: metrics.CallReplayed, BreakerOpened: metrics.PluginBroken,
		Changed: func(string) { h.noteChange() },
	}
}

// tellOfBounds says once what this system cannot keep plugins from.
func (h *Host) tellOfBounds() {
	p := h.cfg.Plugins
	if p.Sandbox != nil && !p.Sandbox("") {
		h.logger.Warn("plugins are not bounded: the sandbox is off")
		return
	}
	if missing := sandbox.Probe(p.Launcher).Missing; missing != "" {
		h.logger.Warn("plugins are not bounded in every way here", "missing", missing)
	}
}
