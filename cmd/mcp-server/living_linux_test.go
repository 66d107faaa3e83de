package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
	"mcp-server/internal/host"
)

// toolNames are the tools that the server lists now.
func (s *server) toolNames(t *testing.T) (names []string) {
	t.Helper()
	listed, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
	}
	return names
}

// awaitTool waits for the client to be told of a change after which a tool is there, or is not.
func (s *server) awaitTool(t *testing.T, name string, there bool) {
	t.Helper()
	waitFor(t, "the list to have changed: "+name, func() bool {
		s.mu.Lock()
		told := s.tools
		s.mu.Unlock()
		return told > 0 && slices.Contains(s.toolNames(t), name) == there
	})
	s.mu.Lock()
	s.tools = 0
	s.mu.Unlock()
}

// TestPluginsComeAndGo changes the folder of a server that runs, as people do.
func TestPluginsComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_PLUGINS=" + dir, "HAZARD_URL=http://127.0.0.1:9"})
	drop := filepath.Join(dir, "drop")
	install(t, "hazard", drop)
	s.awaitTool(t, "drop_echo", true)

	// Replaced while a call runs: the call ends on the old one, the next one is the new one's.
	running := make(chan *mcp.CallToolResult, 1)
	go func() {
		params := &mcp.CallToolParams{Name: "drop_sleep", Arguments: map[string]any{"n": 3000}}
		params.SetProgressToken("sleep")
		r, _ := s.CallTool(t.Context(), params)
		running <- r
	}()
	waitFor(t, "the call to run", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.progress) > 0 })
	install(t, "fixture", drop)
	s.awaitTool(t, "fixture_steps", true)
	if slices.Contains(s.toolNames(t), "drop_sleep") {
		t.Error("the old plugin's tools stay")
	}
	if r := s.call(t, "fixture_steps", map[string]any{"n": 1}); r.IsError {
		t.Errorf("the new plugin: %s", textOf(r))
	}
	if r := <-running; r == nil || r.IsError || !strings.Contains(textOf(r), "slept") {
		t.Errorf("the call on the old plugin was answered by %+v", r)
	}

	// A name clash is refused, and both owners are named; when the first goes, the other one has the tools.
	install(t, "fixture", filepath.Join(dir, "also"))
	waitFor(t, "the clash to be told", func() bool {
		return strings.Contains(s.log.String(), "the plugin drop has a tool of that name already")
	})
	if err := os.Remove(drop); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the other one to serve", func() bool { return s.provider(t, "fixture_steps") == "also" })

	// Made broken, and mended by a copy that comes in two halves.
	script(t, filepath.Join(dir, "also"), "exit 7")
	s.awaitTool(t, "fixture_steps", false)
	halves(t, "fixture", filepath.Join(dir, "slow"))
	s.awaitTool(t, "fixture_steps", true)
	if n := len(s.toolNames(t)); n < 3 {
		t.Errorf("%d tools", n)
	}
}

// provider is the plugin that answers a tool.
func (s *server) provider(t *testing.T, tool string) string {
	t.Helper()
	r := s.call(t, tool, map[string]any{"n": 1})
	provenance, _ := r.Meta[host.ProvenanceMetaKey].(map[string]any)
	plugin, _ := provenance["plugin"].(string)
	return plugin
}

// halves copies a binary as a slow disk would: executable from the beginning, with a pause in the middle.
func halves(t *testing.T, binary, path string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(binDir, binary))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, half := range [][]byte{content[:len(content)/2], content[len(content)/2:]} {
		if _, err := f.Write(half); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "a moment", pause())
	}
}

// script puts a shell script in the place of a plugin.
func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".part", []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		t.Fatal(err)
	}
}

// pause is a condition that holds after it was asked some times.
func pause() func() bool {
	left := 200
	return func() bool { left--; return left <= 0 }
}

// TestLazyStart answers the list from what is remembered, starts a process with its first call, and stops it when it idles.
func TestLazyStart(t *testing.T) {
	t.Parallel()
	cache := []string{"MCP_SERVER_CACHE_DIR=" + t.TempDir(), "MCP_SERVER_IDLE_TIMEOUT=300ms"}
	first := startServerWith(t, emulator.Config{}, cache)
	names := first.toolNames(t)
	s := startServerWith(t, emulator.Config{}, cache)
	if again := s.toolNames(t); !slices.Equal(names, again) || len(names) < 15 {
		t.Errorf("listed %v, and before %v", again, names)
	}
	if running := children(t, s.process.Process.Pid); len(running) > 0 {
		t.Errorf("processes run that nobody called: %v", running)
	}
	for range 2 {
		if r := s.call(t, "rfs_list_templates", nil); r.IsError {
			t.Fatal(textOf(r))
		}
		waitFor(t, "the process to stop", func() bool { return len(children(t, s.process.Process.Pid)) == 0 })
	}
}

// TestDamagedCacheIsRebuilt starts a server with a cache of rubbish.
func TestDamagedCacheIsRebuilt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_CACHE_DIR=" + dir}).toolNames(t)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Fatalf("the cache has %v, %v", entries, err)
	}
	for n, e := range entries {
		path := filepath.Join(dir, e.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(content, []byte("a"), []byte("b"), n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_CACHE_DIR=" + dir})
	if again := s.toolNames(t); !slices.Equal(names, again) || s.log.String() != "" && strings.Contains(s.log.String(), "cache") {
		t.Errorf("listed %v\n%s", again, s.log)
	}
}

// TestLockedFolder runs only what was accepted, from the moment that it was.
func TestLockedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	install(t, "fixture", filepath.Join(dir, "good"))
	run := func(args ...string) (string, error) {
		command := exec.CommandContext(t.Context(), serverBinary(), append(args, "--plugins", dir)...)
		command.Env = []string{"HOME=" + t.TempDir(), "TMPDIR=" + shortTempDir(t), dataDir(t.TempDir())}
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if out, err := run("plugin", "lock"); err != nil || !strings.Contains(out, "good 7.8.9: new") {
		t.Fatalf("locking: %v\n%s", err, out)
	}
	s := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_PLUGINS=" + dir})
	if r := s.call(t, "fixture_steps", map[string]any{"n": 1}); r.IsError {
		t.Fatal(textOf(r))
	}
	install(t, "hazard", filepath.Join(dir, "stranger"))
	install(t, "hazard", filepath.Join(dir, "good"))
	s.awaitTool(t, "fixture_steps", false)
	for _, reason := range []string{"plugin stranger is not in the lock file", "plugin good is another file than the lock file", "mcp-server plugin lock good"} {
		waitFor(t, "the refusal: "+reason, func() bool { return strings.Contains(s.log.String(), reason) })
	}
	if names := s.toolNames(t); len(names) != 2 {
		t.Errorf("tools of what was not accepted are listed: %v", names)
	}
	if out, err := run("plugin", "verify"); err == nil || !strings.Contains(out, "NOT accepted") {
		t.Errorf("verifying: %v\n%s", err, out)
	}
	if out, err := run("plugin", "lock", "good"); err != nil || !strings.Contains(out, "good 7.8.9 → 1.0.0: changed") || !strings.Contains(out, "BREAKING") {
		t.Errorf("accepting: %v\n%s", err, out)
	}
	s.awaitTool(t, "good_echo", true)
	if slices.Contains(s.toolNames(t), "stranger_echo") {
		t.Error("what was not named is accepted, too")
	}
}

// TestHangup looks at the folder again at SIGHUP, also at what failed before.
func TestHangup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(t.TempDir(), "missing")
	script(t, filepath.Join(dir, "script"), "[ -e "+missing+" ] && exec "+missing)
	s := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_PLUGINS=" + dir, "MCP_SERVER_SANDBOX=off"})
	waitFor(t, "the failure", func() bool { return strings.Contains(s.log.String(), "left out") })
	install(t, "fixture", missing)
	if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.awaitTool(t, "fixture_steps", true)
}

// TestStatesAreShown has the command line show how the plugins of a server are that runs.
func TestStatesAreShown(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	h := startHazards(t, "hazard", "exits-at-start")
	s := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_PLUGINS=" + h.dir, dataDir(data), "HAZARD_URL=" + h.target.URL})
	for range 3 {
		if r := s.call(t, "hazard_exit", nil); !r.IsError {
			t.Fatal(textOf(r))
		}
	}
	r := s.call(t, "hazard_echo", map[string]any{"text": "x"})
	if !r.IsError || !strings.Contains(textOf(r), "try again in") {
		t.Errorf("a plugin that ends in every call: %s", textOf(r))
	}
	waitFor(t, "the state to be shown", func() bool {
		command := exec.CommandContext(context.Background(), serverBinary(), "plugin", "list", "-o", "json", "--plugins", h.dir, "--data-dir", data)
		command.Env = []string{"HOME=" + t.TempDir(), "TMPDIR=" + shortTempDir(t)}
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var list pluginList
		if err := json.Unmarshal(out, &list); err != nil {
			t.Fatal(err)
		}
		if len(list.Servers) != 1 || len(list.Plugins) != 2 || len(list.Servers[0].Status) != 2 {
			return false // the server writes it down a moment after it serves
		}
		broken := list.Servers[0].Status[1]
		return broken.Name == "hazard" && broken.State == "broken" && len(broken.Processes) == 1 && !broken.Processes[0].RetryAt.IsZero() && list.Servers[0].Status[0].State == host.StateRefused
	})
}

// TestAttachedPlugin calls a plugin that somebody else runs, as a debugger does.
func TestAttachedPlugin(t *testing.T) {
	t.Parallel()
	debugged := exec.CommandContext(t.Context(), filepath.Join(binDir, "fixture"), "debug")
	debugged.Env = []string{"TMPDIR=" + shortTempDir(t)}
	out, err := debugged.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := debugged.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = debugged.Process.Signal(os.Interrupt); _ = debugged.Wait() })
	line := make([]byte, 1000)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	s := startServerWith(t, emulator.Config{}, []string{strings.TrimSpace(string(line[:n]))})
	if r := s.call(t, "fixture_steps", map[string]any{"n": 1}); r.IsError {
		t.Error(textOf(r))
	}
	if r := s.call(t, "rfs_list_templates", nil); r.IsError {
		t.Error(textOf(r))
	}
	_ = s.Close()
	if !alive(debugged.Process.Pid) {
		t.Error("the server has ended what it did not start")
	}
}
