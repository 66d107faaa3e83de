package supervisor

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"mcp-server/internal/hostfolder"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/sdk"
)

// Supervisor owns the plugins of one host: the thread that starts them and the private folder in which they live.
type Supervisor struct {
	cfg     Config
	starter *starter
	digests pluginfolder.Digests
	secrets redactor // of all plugins there have been
	lastDir atomic.Uint64
	// missing says what of the bounds cannot be set here; empty when all can.
	missing        func() string
	launcherExists func() bool

	homing sync.Mutex
	home   *hostfolder.Folder // nil until the first process
	guard  sync.WaitGroup     // the start of the folder's remover

	mu      sync.Mutex
	plugins []*Plugin
	closed  bool
}

// Open readies the starter. The private folder is made for the first process. Close ends what Open began.
func Open(cfg Config) (*Supervisor, error) {
	cfg = cfg.withDefaults()
	withholdFiles()
	return &Supervisor{
		cfg: cfg, starter: newStarter(),
		missing:        sync.OnceValue(func() string { return sandbox.Probe(cfg.Launcher).Missing }),
		launcherExists: sync.OnceValue(func() bool { _, err := os.Stat(cfg.Launcher); return err == nil }),
	}, nil
}

// Known is what is known of a binary before it runs.
type Known struct {
	Manifest sdk.Manifest
	// SHA256 is the file's, in lower-case hexadecimal digits; empty when it is not known.
	SHA256 string
}

// Plugin returns the plugin that a binary is. Nothing is started yet. After Close the plugin refuses to start.
func (s *Supervisor) Plugin(b pluginfolder.Binary, known Known) *Plugin {
	if path, err := filepath.Abs(b.Path); err == nil {
		b.Path = path // the process has a working folder of its own
	}
	p := &Plugin{
		binary: b, sup: s, known: known, secrets: &redactor{}, quit: make(chan struct{}), live: map[*process]bool{},
		logger: s.cfg.Logger.With("plugin", visible.Line(b.Name, 100)),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.stopped = s.closed
	s.plugins = append(s.plugins, p)
	return p
}

// forget lets go of a plugin that has ended.
func (s *Supervisor) forget(p *Plugin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plugins = slices.DeleteFunc(slices.Clone(s.plugins), func(one *Plugin) bool { return one == p })
}

// Redact removes the secrets of all plugins from a text.
func (s *Supervisor) Redact(text string) string { return s.secrets.text(text, false) }

// Close stops all plugins at the same time, each bounded by StopTimeout, and removes the private folder.
func (s *Supervisor) Close() {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	plugins := s.plugins
	s.mu.Unlock()
	if closed {
		return
	}
	var stopping sync.WaitGroup
	for _, p := range plugins {
		stopping.Go(func() { p.Stop(context.Background()) })
	}
	stopping.Wait()
	s.starter.close()
	s.leaveHome()
}
