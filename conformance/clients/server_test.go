package clients

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/conformance/process"
	"mcp-server/internal/emulator"
)

// The two transports.
const (
	stdio          = "stdio"
	streamableHTTP = "http"
)

// httpFlag makes the server listen at an address.
const httpFlag = "--http"

// binDir holds the server and the plugins. Only TestMain writes it.
var binDir string

func TestMain(m *testing.M) { os.Exit(withBinaries(m.Run)) }

func withBinaries(run func() int) int {
	dir, err := os.MkdirTemp("", "mcp-clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	build := exec.CommandContext(context.Background(), "go", "run", "./internal/build", "-o", dir)
	build.Dir = filepath.Join("..", "..")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the binaries:", err)
		return 1
	}
	binDir = dir
	return run()
}

// need skips a test when the machine or the server lacks something; where nothing may be skipped, as in continuous integration,
// it fails.
func need(t *testing.T, have bool, what string) {
	t.Helper()
	if !have && os.Getenv("MCP_SERVER_NODE") == "required" {
		t.Fatal(what)
	}
	if !have {
		t.Skip(what)
	}
}

// server is the real server for one client, with an emulator of its own.
type server struct {
	cloud *emulator.Emulator
	log   *syncBuffer // of the emulator: a line for each request that ended
	env   []string
	line  []string // the command line on standard input and output
	url   string   // of the server that runs already; empty on standard input and output
}

// startServer prepares a server whose cloud never answers ROMA. Over HTTP it runs, on standard input and output the client starts it.
func startServer(t *testing.T, transport string) *server {
	t.Helper()
	s := &server{log: &syncBuffer{}, line: []string{filepath.Join(binDir, "mcp-server"), "serve", "--log-level", "info"}}
	var err error
	s.cloud, err = emulator.Start(t.Context(), emulator.Config{Logger: slog.New(slog.NewTextHandler(s.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cloud.Close() })
	s.cloud.SetFaults(emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultGone})
	s.env = append(s.cloud.Environment(), "HOME="+t.TempDir(), "TMPDIR="+shortTempDir(t), "PATH="+os.Getenv("PATH"),
		"HUAWEICLOUD_METADATA_ENDPOINT=off", "MCP_SERVER_DATA_DIR="+t.TempDir())
	if transport == streamableHTTP {
		s.listen(t)
	}
	return s
}

// listen starts the server over HTTP.
func (s *server) listen(t *testing.T) {
	t.Helper()
	help, err := exec.CommandContext(t.Context(), s.line[0], "serve", "--help").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	need(t, bytes.Contains(help, []byte(httpFlag)), "the server has no "+httpFlag)
	address, err := process.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	logFile := filepath.Join(t.TempDir(), "server.log")
	p, err := process.Start(context.WithoutCancel(t.Context()), process.Command{
		Line: slices.Concat(s.line, []string{httpFlag, address}), Env: s.env, Address: address, Log: logFile,
	})
	if err != nil {
		content, _ := os.ReadFile(logFile)
		t.Fatalf("%v\n%s", err, content)
	}
	t.Cleanup(func() {
		p.Close()
		if content, err := os.ReadFile(logFile); err == nil && t.Failed() {
			t.Logf("the server wrote:\n%s", content)
		}
	})
	s.url = p.URL + "/mcp"
}

// waitForHanging returns when the cloud has the call that it never answers.
func (s *server) waitForHanging(t *testing.T) {
	t.Helper()
	waitFor(t, 20*time.Second, "the hanging call to reach the cloud", func() bool {
		return slices.ContainsFunc(s.cloud.Requests(), func(r emulator.Request) bool { return r.Service == emulator.ServiceROMA })
	})
}

// waitForRelease returns when the plugin has given the request up, which the cancellation of the call must make it do: without one it
// waits for ten seconds.
func (s *server) waitForRelease(t *testing.T) {
	t.Helper()
	waitFor(t, 5*time.Second, "the cancellation to reach the cloud", func() bool {
		return strings.Contains(s.log.String(), "service="+emulator.ServiceROMA)
	})
}

// waitFor polls, because the thing waited for is in another process.
func waitFor(t *testing.T, patience time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// shortTempDir leaves room for a socket's path, which may have about 100 bytes.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// syncBuffer collects what is written while a test reads it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
