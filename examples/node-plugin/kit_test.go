package nodeplugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// patience bounds waits that end at once unless something is wrong.
const patience = 20 * time.Second

// dir holds the real server and, in plugins, what build.js makes; missing says why there are none. Only TestMain writes them.
var dir, missing string

func TestMain(m *testing.M) { os.Exit(withBinaries(m.Run)) }

func withBinaries(run func() int) int {
	var err error
	if dir, err = os.MkdirTemp("", "mcp-node-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if missing = lacks(); missing != "" {
		return run()
	}
	root, plugins := filepath.Join("..", ".."), filepath.Join(dir, "plugins")
	if err := errors.Join(
		build(root, "go", "run", "./internal/build", "-o", dir),
		os.RemoveAll(plugins), // those in Go
		build(".", "node", "build.js", plugins),
		build(".", "node", "build.js", plugins, "testdata/rough.js"),
	); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

// lacks says what this machine has not; empty when it has all. A plugin finds only a Node that is in one of the system's folders.
func lacks() string {
	if _, err := os.Stat(filepath.Join("node_modules", ".package-lock.json")); err != nil { // which npm writes last
		return "the packages from npm are not installed, run `make node-example`"
	}
	env := exec.CommandContext(context.Background(), "/usr/bin/env", "node", "-p", "process.versions.node.split('.')[0] >= 18")
	env.Env = []string{}
	if said, err := env.Output(); err != nil || strings.TrimSpace(string(said)) != "true" {
		return fmt.Sprintf("there is no Node of version 18 or newer in the system's folders (%v)", err)
	}
	return ""
}

func build(folder, program string, args ...string) error {
	command := exec.CommandContext(context.Background(), program, args...)
	command.Dir, command.Stderr = folder, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("building with %s %s: %w", program, strings.Join(args, " "), err)
	}
	return nil
}

// need skips a test that the machine cannot run, and fails it where nothing may be skipped.
func need(t *testing.T) {
	t.Helper()
	if missing != "" && os.Getenv("MCP_SERVER_NODE") == "required" {
		t.Fatal(missing)
	}
	if missing != "" {
		t.Skip(missing)
	}
}

// kit is a supervisor with one plugin.
type kit struct {
	*supervisor.Plugin
	t       *testing.T
	log     *logBuffer
	staging string // the folder of all calls' folders
}

// launcher bounds the plugin as a server does, where the system can.
func launcher() string {
	path := filepath.Join(dir, sandbox.LauncherName)
	if sandbox.Probe(path).Missing != "" {
		return ""
	}
	return path
}

// folder is one for a call's files.
func (k *kit) folder() string {
	k.t.Helper()
	folder, err := os.MkdirTemp(k.staging, "call-")
	if err != nil {
		k.t.Fatal(err)
	}
	return folder
}

// start starts a plugin of the folder.
func start(t *testing.T, name string) *kit {
	t.Helper()
	need(t)
	k := &kit{t: t, log: &logBuffer{}, staging: t.TempDir()}
	s, err := supervisor.Open(supervisor.Config{
		Launcher: launcher(), Memory: sandbox.DefaultMemory, Egress: egress.Start(egress.Config{}), Staging: func(string) string { return k.staging },
		RuntimeDir: shortDir(t), Logger: slog.New(slog.NewJSONHandler(k.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		LookupEnv: func(name string) (string, bool) { return "quite secret; " + name, name == "ROUGH_SECRET" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if t.Failed() {
			t.Logf("log:\n%.20000s", k.log)
		}
	})
	k.Plugin = s.Plugin(pluginfolder.Binary{Name: name, Path: filepath.Join(dir, "plugins", name)}, supervisor.Known{})
	if _, err := k.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

// call calls a tool; the result goes into out unless that is nil.
func (k *kit) call(ctx context.Context, tool string, in, out any, ev pluginv1.Events) error {
	k.t.Helper()
	arguments, err := json.Marshal(in)
	if err != nil {
		k.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	raw, err := k.Call(ctx, supervisor.Request{Tool: tool, Arguments: arguments, CallID: "c1", StagingDir: k.folder()}, ev)
	if err == nil && out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			k.t.Fatal(err)
		}
	}
	return err
}

// text calls a tool without arguments that answers with a text.
func (k *kit) text(tool string) string {
	k.t.Helper()
	var out struct{ Content []struct{ Text string } }
	if err := k.call(k.t.Context(), tool, struct{}{}, &out, pluginv1.Events{}); err != nil {
		k.t.Fatalf("calling %s: %v", tool, err)
	}
	return out.Content[0].Text
}

// wantError checks the code, the source and the words of an error.
func wantError(t *testing.T, err error, code sdk.Code, source sdk.Source, words string) {
	t.Helper()
	e, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		t.Fatalf("the error is %v; want an sdk.Error", err)
	}
	if e.Code != code || e.Source != source || !strings.Contains(e.Message, words) {
		t.Errorf("the error is (%s, %s): %s; want (%s, %s) with %q", e.Code, e.Source, e.Message, code, source, words)
	}
}

// eventually polls, because the thing waited for is in another process.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// kill kills a process as kill -9 does.
func kill(t *testing.T, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Error(err)
		return
	}
	if err := process.Kill(); err != nil {
		t.Error(err)
	}
}

// shortDir is a temporary folder whose path leaves room for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "np")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// logBuffer keeps what is written while a test reads it.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
