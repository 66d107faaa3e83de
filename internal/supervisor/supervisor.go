package supervisor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"mcp-server/internal/hostfolder"
	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// Supervisor owns the plugins of one host: the thread that starts them and the private folder in which they live.
type Supervisor struct {
	cfg     Config
	folder  *hostfolder.Folder
	starter *starter
	lastDir atomic.Uint64

	mu      sync.Mutex
	plugins []*Plugin
	closed  bool
}

// folderPrefix begins the names of all hosts' private folders.
const folderPrefix = "mcpsrv-"

// Open makes the private folder and readies the starter. It first sweeps what dead hosts left beside it. Close ends
// what Open began.
func Open(cfg Config) (*Supervisor, error) {
	cfg = cfg.withDefaults()
	withholdFiles()
	hostfolder.Sweep(cfg.RuntimeDir, folderPrefix, nil)
	folder, err := hostfolder.New(cfg.RuntimeDir, folderPrefix)
	if err == nil && len(folder.Path) > maxFolderPath {
		folder.Remove()
		err = fmt.Errorf("its path has %d bytes, and sockets in it have room for %d; choose a shorter temporary folder",
			len(folder.Path), maxFolderPath)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing a folder for the plugins' sockets in %q: %w; set TMPDIR to a folder that exists and can be written to", cfg.RuntimeDir, err)
	}
	folder.RemoveAfterKill()
	return &Supervisor{cfg: cfg, folder: folder, starter: newStarter()}, nil
}

// Known is what is known of a binary before it runs.
type Known struct {
	Manifest sdk.Manifest
	// SHA256 is the file's, in lower-case hexadecimal digits; empty when it is not known.
	SHA256 string
}

// Plugin returns the plugin that a binary is. Nothing is started yet. After Close the plugin refuses to start.
func (s *Supervisor) Plugin(b pluginfolder.Binary, _ Known) *Plugin {
	if path, err := filepath.Abs(b.Path); err == nil {
		b.Path = path // the process has a working folder of its own
	}
	p := &Plugin{
		binary: b, sup: s, secrets: &redactor{},
		logger: s.cfg.Logger.With("plugin", visible(b.Name, 100, false)),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.stopped = s.closed
	s.plugins = append(s.plugins, p)
	return p
}

// Redact removes the secrets of all plugins from a text.
func (s *Supervisor) Redact(text string) string {
	s.mu.Lock()
	plugins := s.plugins
	s.mu.Unlock()
	for _, p := range plugins {
		text = p.secrets.text(text, false)
	}
	return text
}

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
	s.folder.Remove()
}

// processFolder makes the private folder of one process. Its name is a number, because sockets have little room.
func (s *Supervisor) processFolder() (string, error) {
	dir := filepath.Join(s.folder.Path, strconv.FormatUint(s.lastDir.Add(1), 10))
	if err := os.MkdirAll(dir, 0o700); err != nil { // with its parent, which a cleaner may have taken
		return "", fmt.Errorf("making the process's private folder: %w", err)
	}
	return dir, nil
}
