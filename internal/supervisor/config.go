package supervisor

import (
	"log/slog"
	"os"
	"time"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginfolder"
)

// Config says how plugins are run. The zero value is usable.
type Config struct {
	// RuntimeDir is the parent of the private folders that hold the plugins' sockets and temporary files; empty stands
	// for os.TempDir(). The path of a unix socket has room for about 100 bytes, so keep it short.
	RuntimeDir string
	// Staging is the folder below which the staging folders of a plugin's calls are; nil when there are none.
	Staging func(plugin string) string
	// Logger is the host's log; nil discards.
	Logger *slog.Logger
	// LookupEnv reads the host's environment. It is asked only for names that a plugin declares, and for HOME when it
	// declares a folder in it; nil knows none.
	LookupEnv func(string) (string, bool)

	// Launcher is the path of the program that bounds a process before it becomes the plugin; empty: there is none.
	Launcher string
	// Sandbox says whether a plugin is bounded when the launcher is there; nil: always. False is for developers.
	Sandbox func(plugin string) bool
	// SandboxRequired refuses to run a plugin that is not bounded in every way.
	SandboxRequired bool
	// Egress is the plugins' way out; nil: each makes its connections itself.
	Egress *egress.Proxy
	// Memory bounds a process that declares nothing else, in bytes; zero: unbounded.
	Memory uint64
	// Admit is asked before every launch whether the binary may run; digest reads its SHA-256, once. The error says why not.
	Admit func(b pluginfolder.Binary, digest func() (string, error)) error

	// StartTimeout bounds a start, from the launch of the process to the end of its configuration; zero is 10 s.
	StartTimeout time.Duration
	// StopTimeout bounds the soft stop, after which the process group is killed; zero is 2 s.
	StopTimeout time.Duration
	// IdleTimeout is how long a process without calls is kept; zero: for ever.
	IdleTimeout time.Duration
	// HealthInterval is how long a process whose calls wait may be silent before it is asked for a sign of life, and
	// HealthTimeout how long that may take; zero is 2 s each.
	HealthInterval, HealthTimeout time.Duration
	// CancelGrace is how long a call that was cancelled may go on in the plugin before the process is replaced; zero is 5 s.
	CancelGrace time.Duration

	// These are told the name of a plugin: whose process began, whose process ended by itself, whose call was sent a second
	// time, whose processes failed too often, and whose Status changed in any way. They must not wait; nil ones are skipped.
	Started, Crashed, Replayed, BreakerOpened, Changed func(plugin string)
}

func (c Config) withDefaults() Config {
	if c.RuntimeDir == "" {
		c.RuntimeDir = shortTempDir(os.TempDir())
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.LookupEnv == nil {
		c.LookupEnv = func(string) (string, bool) { return "", false }
	}
	for _, listener := range []*func(string){&c.Started, &c.Crashed, &c.Replayed, &c.BreakerOpened, &c.Changed} {
		if *listener == nil {
			*listener = func(string) {}
		}
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&c.StartTimeout, 10 * time.Second}, {&c.StopTimeout, 2 * time.Second}, {&c.CancelGrace, 5 * time.Second},
		{&c.HealthInterval, 2 * time.Second}, {&c.HealthTimeout, 2 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	return c
}
