package supervisor

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
)

// runHost is a host in a process of its own, which a test kills, or which ends by itself once its standard input ends.
// Its arguments are how it ends and the paths of its plugins.
func runHost() {
	s, err := Open(Config{RuntimeDir: os.Getenv("HOST_DIR"), Launcher: os.Getenv("HOST_LAUNCHER")})
	if err != nil {
		_, _ = fmt.Println("error", err)
		os.Exit(1)
	}
	var last *Plugin
	for _, path := range os.Args[2:] {
		last = s.Plugin(pluginfolder.Binary{Name: filepath.Base(path), Path: path}, Known{})
		if _, err := last.Start(context.Background()); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("pid", last.Status().PID)
		for range 3 {
			if os.Args[1] == "family" {
				out, err := last.Call(context.Background(), Request{Tool: "spawn"}, noEvents)
				fmt.Println(strings.NewReplacer(`{"n":`, "pid ", "}", "").Replace(string(out)))
				if err != nil {
					fmt.Println("error", err)
				}
			}
		}
	}
	fmt.Println("ready")
	got, err := io.ReadAll(os.Stdin)
	fmt.Printf("stdin %x %v\n", sha256.Sum256(got), err)
	out, err := last.Call(context.Background(), Request{Tool: "stdin"}, noEvents)
	fmt.Println("stolen", string(out), err)
	if os.Args[1] == "close" {
		s.Close()
	}
}

// hostProcess is runHost as a test sees it.
type hostProcess struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
	pids  []int
	dir   string
}

func startHost(t *testing.T, end string, plugins ...string) *hostProcess {
	t.Helper()
	return startHostWith(t, "", end, plugins...)
}

func startHostWith(t *testing.T, launcher, end string, plugins ...string) *hostProcess {
	t.Helper()
	h := &hostProcess{dir: shortDir(t), cmd: exec.CommandContext(context.Background(), install(t, "host"), end)}
	for _, name := range plugins {
		h.cmd.Args = append(h.cmd.Args, install(t, name))
	}
	h.cmd.Env = append(os.Environ(), "HOST_DIR="+h.dir, "HOST_LAUNCHER="+launcher, "NOT_DECLARED=1")
	h.cmd.Stderr = os.Stderr
	var err error
	if h.stdin, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.cmd.Process.Kill() })
	h.lines = bufio.NewScanner(stdout)
	for h.lines.Scan() && h.lines.Text() != "ready" {
		var pid int
		if _, err := fmt.Sscanf(h.lines.Text(), "pid %d", &pid); err != nil {
			t.Fatalf("the host wrote %q", h.lines.Text())
		}
		h.pids = append(h.pids, pid)
	}
	want := len(plugins)
	if end == "family" {
		want *= 1 + 3
	}
	if len(h.pids) != want {
		t.Fatalf("%d processes run; want %d", len(h.pids), want)
	}
	return h
}

// wantGone checks that no plugin outlives the host, and no file either.
func (h *hostProcess) wantGone(t *testing.T) {
	t.Helper()
	for _, pid := range h.pids {
		eventually(t, fmt.Sprintf("plugin %d is gone", pid), func() bool { return gone(pid) })
	}
	eventually(t, "nothing is left of the host", func() bool { return len(list(t, h.dir)) == 0 })
}

// gone reports whether a process has ended; one that nobody has reaped yet has.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

func TestHostIsKilled(t *testing.T) {
	t.Parallel()
	// "deaf" does not watch its standard input, so only the parent-death signal ends it; "forgetful" gives that signal
	// up, so only the standard input does.
	h := startHost(t, "killed", "kitchen", "deaf", "forgetful")
	for _, pid := range h.pids {
		if gone(pid) {
			t.Fatal("a plugin was gone before the host")
		}
	}
	if len(list(t, h.dir)) == 0 {
		t.Fatal("the host has no folder, so this test shows nothing")
	}
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait()
	h.wantGone(t)
}

// TestHostIsKilledWithFamilies has plugins whose children ignore what can be ignored, and know nothing of the host.
func TestHostIsKilledWithFamilies(t *testing.T) {
	t.Parallel()
	for name, launcher := range map[string]func() string{
		"direct":  func() string { return "" },
		"bounded": func() string { return launcher(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startHostWith(t, launcher(), "family", "kitchen", "forgetful", "kitchen-2")
			for _, pid := range h.pids {
				if gone(pid) {
					t.Fatal("a process was gone before the host")
				}
			}
			if err := h.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			killed := time.Now()
			_ = h.cmd.Wait()
			for _, pid := range h.pids {
				eventually(t, fmt.Sprintf("process %d is gone", pid), func() bool { return gone(pid) })
			}
			t.Logf("%d processes were gone after %s", len(h.pids), time.Since(killed))
			h.wantGone(t)
		})
	}
}

func TestHostEnds(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"exit", "close"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			h := startHost(t, end, "kitchen", "deaf")
			sent := strings.Repeat(`{"jsonrpc":"2.0","method":"tools/list"}`+"\n", 10_000)
			if _, err := io.WriteString(h.stdin, sent); err != nil {
				t.Fatal(err)
			}
			_ = h.stdin.Close()
			var said []string
			for h.lines.Scan() {
				said = append(said, h.lines.Text())
			}
			want := []string{fmt.Sprintf("stdin %x <nil>", sha256.Sum256([]byte(sent))), `stolen {"n":0} <nil>`}
			if strings.Join(said, "\n") != strings.Join(want, "\n") {
				t.Errorf("the host says %q; want %q", said, want)
			}
			if err := h.cmd.Wait(); err != nil {
				t.Errorf("the host ended with %v", err)
			}
			if end == "close" && len(list(t, h.dir)) > 0 {
				t.Errorf("left behind by Close: %q", list(t, h.dir))
			}
			h.wantGone(t)
		})
	}
}
