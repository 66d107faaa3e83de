package host

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"mcp-server/internal/hostfolder"
)

const (
	boardPrefix = "server-"
	boardFile   = "status.json"
	// boardPause is how long changes are gathered before they are written.
	boardPause = 200 * time.Millisecond
)

// ServerStatus is how a running server and its plugins are.
type ServerStatus struct {
	PID       int            `json:"pid"`
	Version   string         `json:"version"`
	Transport string         `json:"transport"`
	Plugins   string         `json:"plugins_folder"`
	Written   time.Time      `json:"written"`
	Status    []PluginStatus `json:"plugins"`
}

func boards(dataDir string) string { return filepath.Join(dataDir, "servers") }

// post keeps a file up to date, below the data folder, that says how this server's plugins are, for other programs of the same user.
// It is a help for people: what cannot be written is left out. It returns when the context ends.
func (h *Host) post(ctx context.Context) {
	dir := boards(h.cfg.DataDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		h.logger.Debug("the plugins' states are not written", "err", err)
		return
	}
	hostfolder.Sweep(dir, boardPrefix, nil)
	folder, err := hostfolder.New(dir, boardPrefix)
	if err != nil {
		h.logger.Debug("the plugins' states are not written", "err", err)
		return
	}
	defer folder.Remove()
	tick := time.NewTicker(boardPause)
	defer tick.Stop()
	for {
		h.writeBoard(filepath.Join(folder.Path, boardFile))
		select {
		case <-h.changes:
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *Host) writeBoard(path string) {
	text, err := json.Marshal(ServerStatus{
		PID: os.Getpid(), Version: h.cfg.Version, Transport: h.cfg.Transport, Plugins: h.cfg.PluginsDir, Written: time.Now(), Status: h.Plugins(),
	})
	if err == nil {
		err = os.WriteFile(path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		h.logger.Debug("the plugins' states are not written", "err", err)
	}
}

// noteChange tells whoever writes the states that there is something new.
func (h *Host) noteChange() {
	select {
	case h.changes <- struct{}{}:
	default: // it will be seen anyway
	}
}

// Servers are the servers of this user that run now with the data folder, as they have last said.
func Servers(dataDir string) []ServerStatus {
	hostfolder.Sweep(boards(dataDir), boardPrefix, nil) // what stays is of servers that live
	files, err := filepath.Glob(filepath.Join(boards(dataDir), boardPrefix+"*", boardFile))
	if err != nil {
		return nil
	}
	var all []ServerStatus
	for _, path := range files {
		var s ServerStatus
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &s) == nil {
			all = append(all, s)
		}
	}
	return all
}
