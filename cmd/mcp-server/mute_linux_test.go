package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/host"
	"mcp-server/sdk"
)

// TestMutePluginCostsTheOthersNothing has one plugin that works, one that never says a word, and one that fails.
func TestMutePluginCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	if err := os.Symlink(filepath.Join(pluginsDir(), "rfs-list-templates"), filepath.Join(plugins, "works")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(plugins, "a-mute"), []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(plugins, "b-fails"), []byte("#!/bin/sh\necho the reason >&2\nexit 7\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := host.Start(t.Context(), host.Config{
		PluginsDir: plugins, DataDir: t.TempDir(), Version: "test", StartGrace: 3 * time.Second, WaitForAll: true, Plugins: host.Processes{StartTimeout: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h.Tools()); n != 4 {
		t.Errorf("%d tools when the grace is over, want the 2 of the plugin that works and the 2 of the server", n)
	}
	if _, err := h.Call(t.Context(), host.Request{Name: "a_mute_tool"}); err == nil || sdk.AsError(err).Code != sdk.CodeUnavailable {
		t.Errorf("a tool that may be the mute plugin's: %v", err)
	}
	answer, err := json.Marshal(h.MCP().HandleMessage(t.Context(), json.RawMessage(
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)))
	if err != nil || !strings.Contains(string(answer), "The plugin a-mute is still starting") {
		t.Errorf("the instructions do not name the mute plugin: %s, %v", answer, err)
	}
	if !strings.Contains(string(answer), "plugin b-fails") || !strings.Contains(string(answer), "the reason") {
		t.Errorf("the instructions do not name the plugin that failed, and why: %s", answer)
	}
	h.Close() // returns although the start never will
}
