package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/host"
)

// TestMutePluginCostsTheOthersNothing has one plugin that works and one that never says a word.
func TestMutePluginCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	if err := os.Symlink(filepath.Join(pluginsDir(), "rfs-list-templates"), filepath.Join(plugins, "works")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(plugins, "mute"), []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := host.Start(t.Context(), host.Config{
		PluginsDir: plugins, DataDir: t.TempDir(), Version: "test", StartGrace: 50 * time.Millisecond, StartTimeout: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the tools of the plugin that works", func() bool { return len(h.Tools()) == 2 })
	answer, err := json.Marshal(h.MCP().HandleMessage(t.Context(), json.RawMessage(
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)))
	if err != nil || !strings.Contains(string(answer), "The plugin mute is still starting") {
		t.Errorf("the instructions do not name the mute plugin: %s, %v", answer, err)
	}
	h.Close() // returns although the start never will
}
