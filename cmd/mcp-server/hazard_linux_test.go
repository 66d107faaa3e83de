package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
	"mcp-server/internal/sandbox"
)

// hazards is a server whose plugins do what a server must survive, and what they may post to.
type hazards struct {
	*server
	dir    string
	target *httptest.Server
	posts  sync.Mutex     // guards what follows
	posted map[string]int // how often each path was posted to
}

// startHazards has plugins of the given names; what one does at its start, its name says.
func startHazards(t *testing.T, names ...string) *hazards {
	t.Helper()
	h := &hazards{dir: t.TempDir(), posted: map[string]int{}}
	h.target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			h.posts.Lock()
			h.posted[r.URL.Path]++
			h.posts.Unlock()
		}
		_, _ = w.Write([]byte("target"))
	}))
	t.Cleanup(h.target.Close)
	for _, name := range names {
		install(t, "hazard", filepath.Join(h.dir, name))
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "allowed"), []byte("allowed content"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.server = startServerWith(t, emulator.Config{}, []string{
		"MCP_SERVER_PLUGINS=" + h.dir, "HAZARD_URL=" + h.target.URL, "HAZARD_FOLDER=" + folder, "HAZARD_HOST_SECRET=hunter22",
	})
	return h
}

// needBounds skips a test where the system cannot bound plugins.
func needBounds(t *testing.T) {
	t.Helper()
	if missing := sandbox.Probe(filepath.Join(binDir, sandbox.LauncherName)).Missing; missing != "" {
		t.Skip("plugins cannot be bounded here: " + missing)
	}
}

// do calls a tool of the plugin hazard, and returns its text, or its error's.
func (h *hazards) do(t *testing.T, tool string, arguments map[string]any) (text string, failed bool) {
	t.Helper()
	r := h.call(t, "hazard_"+tool, arguments)
	if r.IsError {
		return textOf(r), true
	}
	text, _ = structured(t, r)["text"].(string)
	return text, false
}

// pid is that of the plugin's process.
func (h *hazards) pid(t *testing.T) int {
	t.Helper()
	running := childrenIn(t, h.process.Process.Pid, h.dir)
	if len(running) != 1 {
		t.Fatalf("the plugin's processes are %v", running)
	}
	return running[0]
}

// mustEcho makes sure that the plugin serves.
func (h *hazards) mustEcho(t *testing.T) {
	t.Helper()
	if text, failed := h.do(t, "echo", map[string]any{"text": "well"}); failed || text != "well" {
		t.Errorf("the next call was answered by %q (failed: %v)\n%s", text, failed, h.log)
	}
}

func TestPluginsThatFailAtTheirStart(t *testing.T) {
	t.Parallel()
	h := startHazards(t, "hazard", "exits-at-start", "chatty", "version9", "huge", "mute")
	h.mustEcho(t)
	if r := h.call(t, "chatty_echo", map[string]any{"text": "hello"}); r.IsError {
		t.Errorf("a plugin that prints before its handshake: %s", textOf(r))
	}
	waitFor(t, "all to have failed", func() bool { return strings.Count(h.log.String(), "left out") >= 4 })
	for plugin, reason := range map[string]string{
		"exits-at-start": "the frobnicator is missing", "version9": "version", "huge": "65536", "mute": "was not ready within",
	} {
		if !strings.Contains(h.log.String(), plugin) || !strings.Contains(h.log.String(), reason) {
			t.Errorf("the log does not say of %s that %q:\n%s", plugin, reason, h.log)
		}
	}
}

func TestFaultsInACall(t *testing.T) {
	t.Parallel()
	needBounds(t)
	for name, tc := range map[string]struct {
		tool      string
		arguments map[string]any
		want      string
		fails     bool
	}{
		"panic in a goroutine": {"panic", nil, "in a goroutine", true},
		"os.Exit":              {"exit", nil, "exit status 7", true},
		"stops itself":         {"stop", nil, "", true},
		"eats memory":          {"eat", map[string]any{"n": 4000}, "ended during the call", true},
		"floods the log":       {"flood", map[string]any{"n": 100}, "written", false},
		"answers 50 MB":        {"big", map[string]any{"n": 50}, "16 MiB", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startHazards(t, "hazard")
			text, failed := h.do(t, tc.tool, tc.arguments)
			if failed != tc.fails || !strings.Contains(text, tc.want) {
				t.Errorf("answered by %.2000q (failed: %v)", text, failed)
			}
			h.mustEcho(t)
			if log := h.log.String(); len(log) > 4<<20 || strings.ContainsAny(log, "\x1b\r") {
				t.Errorf("the log has %d bytes, or control characters", len(log))
			}
		})
	}
}

// TestIgnoredCancel cancels a call that does not listen: its process is replaced, and the tool answers again.
func TestIgnoredCancel(t *testing.T) {
	t.Parallel()
	h := startHazards(t, "hazard")
	h.mustEcho(t)
	before := h.pid(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		params := &mcp.CallToolParams{Name: "hazard_never"}
		params.SetProgressToken("never")
		_, _ = h.CallTool(ctx, params)
	}()
	waitFor(t, "the call to run", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.progress) > 0 })
	cancel()
	<-ended
	waitFor(t, "the process to be replaced", func() bool { return !alive(before) })
	h.mustEcho(t)
}

// TestPluginsStayInTheirBounds has a plugin try what it did not declare.
func TestPluginsStayInTheirBounds(t *testing.T) {
	t.Parallel()
	needBounds(t)
	h := startHazards(t, "hazard")
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	secret := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(secret, []byte("hunter22"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(elsewhere.Listener.Addr().String())
	for _, tc := range []struct{ tool, text, want string }{
		{"read", filepath.Join(h.environment("HAZARD_FOLDER"), "allowed"), "read: allowed content"},
		{"read", filepath.Join(home, ".ssh"), ""},
		{"read", secret, "refused"},
		{"read", "the host's environment", "refused"},
		{"read", fmt.Sprintf("/proc/%d/environ", h.process.Process.Pid), "refused"},
		{"connect", "tcp:127.0.0.1:" + port, "refused"},
		{"connect", "udp:127.0.0.1:" + port, "refused"},
		{"connect", "tcp:169.254.169.254:80", "refused"},
		{"fetch", h.target.URL + "/x", "200 OK target"},
		{"fetch", elsewhere.URL, "hazard has not declared"},
		{"fetch", "http://169.254.169.254/latest/meta-data", "hazard has not declared"},
		{"fetch", "https://example.com/", "hazard has not declared"},
	} {
		text, failed := h.do(t, tc.tool, map[string]any{"text": tc.text})
		if failed || !strings.Contains(text, tc.want) || strings.Contains(text, "hunter22") || tc.want != "read: allowed content" && strings.HasPrefix(text, "read:") {
			t.Errorf("%s %s: %q (failed: %v); want %q", tc.tool, tc.text, text, failed, tc.want)
		}
	}
}

// environment is a variable that the server was started with.
func (s *server) environment(name string) string {
	for _, entry := range s.process.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// TestChildrenOfAPluginEndWithTheServer has a plugin start children that ignore signals and try to leave its group.
func TestChildrenOfAPluginEndWithTheServer(t *testing.T) {
	t.Parallel()
	needBounds(t)
	for _, end := range []string{"plugin killed", "server killed", "server ends"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			h := startHazards(t, "hazard")
			text, failed := h.do(t, "fork", nil)
			child, err := strconv.Atoi(text)
			if failed || err != nil {
				t.Fatalf("forking: %q", text)
			}
			plugin := h.pid(t)
			var family []int
			waitFor(t, "the plugin to have children", func() bool { family = groupOf(t, plugin); return len(family) >= 3 })
			switch end {
			case "plugin killed":
				kill(t, plugin)
			case "server killed":
				kill(t, h.process.Process.Pid)
			case "server ends":
				_ = h.Close()
			}
			for _, pid := range append(family, child) {
				waitFor(t, "all to end", func() bool { return !alive(pid) })
			}
		})
	}
}

// groupOf are the processes of a process group.
func groupOf(t *testing.T, group int) (members []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		content, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(content), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			members = append(members, pid)
		}
	}
	return members
}
