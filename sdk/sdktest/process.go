package sdktest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// patience bounds a plugin's start and its end.
const patience = 20 * time.Second

// Both runs a plugin in memory and as a process, so that one table of cases is true of both: the keys are "in memory" and "process".
// Main is the folder of the plugin's main package, such as "."; the process is built from it, and has an empty configuration.
func Both(t testing.TB, p sdk.Plugin, main string) map[string]*Host {
	t.Helper()
	return map[string]*Host{"in memory": New(t, p), "process": Binary(t, Build(t, main), nil)}
}

// Build compiles the main package in a folder, such as ".", and returns the path of the binary, which the test's end removes.
func Build(t testing.TB, folder string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "plugin")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = folder
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", folder, err, output)
	}
	return binary
}

// Binary starts a plugin's binary, of any language, as a server does: with nothing in its environment but what tells it where
// to listen, over the handshake and a socket of its own. It hands over the environment, of which the plugin gets what it
// declares. The test's end closes the plugin's standard input, and fails when the plugin does not end by that. The bounds of
// the server's sandbox are not there.
func Binary(t testing.TB, path string, environment map[string]string) *Host {
	t.Helper()
	conn, err := grpc.NewClient(launch(t, path),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessageBytes), grpc.MaxCallSendMsgSize(pluginv1.MaxMessageBytes)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client := pluginv1.NewToolPluginClient(conn)
	described, err := client.Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		t.Fatalf("asking the plugin what it is: %v", err)
	}
	var m sdk.Manifest
	if err := json.Unmarshal(described.GetManifest(), &m); err != nil {
		t.Fatalf("reading the plugin's description: %v", err)
	}
	declared := map[string]string{}
	for _, v := range m.Permissions.Environment {
		if value, set := environment[v.Name]; set {
			declared[v.Name] = value
		}
	}
	if _, err := client.Configure(ctx, &pluginv1.ConfigureRequest{Environment: declared}); err != nil {
		t.Fatalf("configuring the plugin: %v", err)
	}
	return newHost(t, client, m)
}

// launch starts the process and returns where it listens, as a target of gRPC.
func launch(t testing.TB, path string) string {
	t.Helper()
	path, err := filepath.Abs(path) // the process has a folder of its own
	if err != nil {
		t.Fatal(err)
	}
	folder := socketFolder(t)
	stderr := &tail{}
	command := exec.CommandContext(context.Background(), path) // it outlives the test's context, until the cleanup
	command.Dir, command.Stderr = folder, stderr
	ownGroup(command)
	command.Env = append(systemEnvironment(),
		pluginv1.CookieKey+"="+pluginv1.CookieValue, pluginv1.StdinWatchKey+"=1", "PLUGIN_UNIX_SOCKET_DIR="+folder,
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", pluginv1.ProtocolVersion), "TMPDIR="+folder, "TEMP="+folder, "TMP="+folder)
	stdin, stdinErr := command.StdinPipe()
	stdout, stdoutErr := command.StdoutPipe()
	if err := errors.Join(stdinErr, stdoutErr, command.Start()); err != nil {
		t.Fatalf("starting the plugin: %v", err)
	}
	first, ended := make(chan string, 1), make(chan struct{})
	go func() { // ends with the process, or when stop closes the pipe
		defer close(ended)
		lines := bufio.NewReader(stdout)
		line, _ := lines.ReadString('\n')
		first <- line
		_, _ = io.Copy(io.Discard, lines)
	}()
	kill := func() {
		killGroup(command)
		_ = stdout.Close() // which a child of the plugin may hold open
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if !within(patience, ended, kill) {
			t.Error("the plugin does not end when its standard input does, so it would outlive its server")
		}
		_ = command.Wait()
		if t.Failed() && stderr.String() != "" {
			t.Logf("the plugin's standard error ended with:\n%s", stderr)
		}
	})
	timer := time.AfterFunc(patience, kill)
	defer timer.Stop()
	return target(t, <-first)
}

// within waits for the end of something that otherwise is killed.
func within(d time.Duration, ended <-chan struct{}, kill func()) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		kill()
		<-ended
		return false
	}
}

// target reads the handshake.
func target(t testing.TB, line string) string {
	t.Helper()
	fields := strings.Split(strings.TrimSpace(line), "|")
	if len(fields) < 5 || fields[0] != "1" || fields[1] != fmt.Sprint(pluginv1.ProtocolVersion) || fields[4] != "grpc" {
		t.Fatalf("the plugin's first line is %.200q, want the handshake 1|%d|unix|<path>|grpc", line, pluginv1.ProtocolVersion)
	}
	if fields[2] == "unix" {
		return "unix:" + fields[3]
	}
	return "passthrough:" + fields[3]
}

// socketFolder is a private folder with a short path: a socket's has about 100 bytes.
func socketFolder(t testing.TB) string {
	t.Helper()
	parent := os.TempDir()
	if len(parent) > 60 && runtime.GOOS != "windows" {
		parent = "/tmp"
	}
	folder, err := os.MkdirTemp(parent, "sdktest-") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// systemEnvironment is what no process starts without on Windows.
func systemEnvironment() []string {
	if runtime.GOOS != "windows" {
		return nil
	}
	return []string{"SystemRoot=" + os.Getenv("SystemRoot")}
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (w *tail) Write(p []byte) (int, error) {
	const most = 8 << 10
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, p...)
	w.kept = w.kept[max(0, len(w.kept)-most):]
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.kept)
}
