package supervisor

import (
	"log/slog"
	"os"
	"time"
)

// Config says how plugins are run. The zero value is usable.
type Config struct {
	// RuntimeDir is the parent of the private folders that hold the plugins' sockets and temporary files; empty stands
	// for os.TempDir(). The path of a unix socket has room for about 100 bytes, so keep it short.
	RuntimeDir string
	// Logger is the host's log; nil discards.
	Logger *slog.Logger
	// LookupEnv reads the host's environment. It is asked only for names that a plugin declares; nil knows none.
	LookupEnv func(string) (string, bool)
	// StartTimeout bounds a start, from the launch of the process to the end of its configuration; zero is 10 s.
	StartTimeout time.Duration
	// Started and Crashed are told the name of a plugin whose process began, or ended by itself; nil ones are skipped.
	Started, Crashed func(plugin string)
	// StopTimeout bounds the soft stop, after which the process group is killed; zero is 2 s.
	StopTimeout time.Duration
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
	for _, listener := range []*func(string){&c.Started, &c.Crashed} {
		if *listener == nil {
			*listener = func(string) {}
		}
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = 10 * time.Second
	}
	if c.StopTimeout <= 0 {
		c.StopTimeout = 2 * time.Second
	}
	return c
}
