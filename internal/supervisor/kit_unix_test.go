//go:build unix

package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

var noEvents = pluginv1.Events{}

// patience bounds waits that end at once unless something is wrong.
const patience = 20 * time.Second

// kit is a supervisor for one test, with its log.
type kit struct {
	*Supervisor
	t   *testing.T
	log *logBuffer
	dir string
}

func newKit(t *testing.T, cfg Config) *kit {
	t.Helper()
	k := &kit{t: t, log: &logBuffer{}, dir: shortDir(t)}
	cfg.RuntimeDir = k.dir
	cfg.Logger = slog.New(slog.NewJSONHandler(k.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k.Supervisor = s
	t.Cleanup(func() {
		s.Close()
		if left := list(t, k.dir); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
		if t.Failed() {
			t.Logf("log:\n%.20000s", k.log)
		}
	})
	return k
}

// start starts the test binary as the named kind.
func (k *kit) start(name string) *Plugin {
	k.t.Helper()
	p := k.Plugin(pluginfolder.Binary{Name: name, Path: install(k.t, name)}, Known{})
	if _, err := p.Start(k.t.Context()); err != nil {
		k.t.Fatalf("starting %s: %v", name, err)
	}
	return p
}

// homePath is the host's private folder.
func (k *kit) homePath() string {
	k.homing.Lock()
	defer k.homing.Unlock()
	if k.home == nil {
		return k.dir
	}
	return k.home.Path
}

// install makes the test binary available under another name.
func install(t *testing.T, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// shortDir is a temporary folder whose path leaves room for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// lockForks runs f while no process is forked: one would hold the file open that f writes, which forbids to run it.
func lockForks(f func()) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f()
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && path != dir {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func call(ctx context.Context, p *Plugin, tool string, in any) (string, error) {
	arguments, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	out, err := p.Call(ctx, Request{Tool: tool, Arguments: arguments, CallID: "c1"}, noEvents)
	return string(out), err
}

// mustCall returns the result of a call that succeeds.
func mustCall[Out any](t *testing.T, p *Plugin, tool string, in any) Out {
	t.Helper()
	raw, err := call(t.Context(), p, tool, in)
	if err != nil {
		t.Fatalf("calling %s: %v", tool, err)
	}
	var out Out
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// wantError checks the code, the source, and that the message holds all the words.
func wantError(t *testing.T, err error, code sdk.Code, source sdk.Source, words ...string) {
	t.Helper()
	e, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		t.Fatalf("the error is %v (%T); want an sdk.Error", err, err)
	}
	if e.Code != code || e.Source != source {
		t.Errorf("the error is (%s, %s): %s; want (%s, %s)", e.Code, e.Source, e.Message, code, source)
	}
	for _, w := range words {
		if !strings.Contains(e.Message, w) {
			t.Errorf("the message %q lacks %q", e.Message, w)
		}
	}
	if e.Cause != nil && strings.Contains(e.Cause.Error(), "hunter22") || strings.Contains(e.Message, "hunter22") {
		t.Errorf("a secret is in the error: %q, %v", e.Message, e.Cause)
	}
}

// within runs f and fails the test if it does not return in time.
func within(t *testing.T, limit time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("%s took longer than %s", what, limit)
	}
}

// suspend stops the process and returns when it has stopped, which takes a moment.
func suspend(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var state syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &state, syscall.WUNTRACED, nil); err != nil || !state.Stopped() {
		t.Fatalf("the process did not stop: %v, %v", state, err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// logBuffer keeps the log for the test to read.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the log holds %q", text), func() bool { return strings.Contains(b.String(), text) })
}

// wantTidyLog checks that no line is long and none acts on a terminal.
func (b *logBuffer) wantTidyLog(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(b.String()) {
		if len(line) > 3*messageBytes {
			t.Errorf("a log line has %d bytes: %.200s", len(line), line)
		}
		if strings.ContainsAny(line, "\x00\x1b\r") || strings.Contains(line, `\u0000`) || strings.Contains(line, `\u001b`) {
			t.Errorf("a log line has control characters: %.200q", line)
		}
	}
}

// env is a host's environment for Config.LookupEnv.
func env(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}
