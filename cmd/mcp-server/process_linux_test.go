package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// TestKilledPlugin kills a real plugin in the middle of a call, which is sent once more and not oftener, and while it idles, which
// nobody notices.
func TestKilledPlugin(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{}, hanging)
	answer := make(chan *mcp.CallToolResult, 1)
	go func() {
		r, _ := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "rfs_list_templates", Arguments: map[string]any{}})
		answer <- r
	}()
	for sent := range 2 {
		waitFor(t, "the request to arrive", func() bool { return len(s.cloud.Requests()) > sent })
		kill(t, s.plugin(t, "rfs-list-templates"))
	}
	r := <-answer
	if r == nil || !r.IsError || !strings.Contains(textOf(r), "Calling again is safe") || len(s.cloud.Requests()) != 2 {
		t.Fatalf("the call that was cut twice was answered by %+v", r)
	}
	s.cloud.SetFaults()
	for range 20 {
		if r := s.call(t, "rfs_list_templates", nil); r.IsError {
			t.Fatalf("the next call failed: %s", textOf(r))
		}
		kill(t, s.plugin(t, "rfs-list-templates"))
	}
}

// TestNothingIsLostOfAnArchive kills the plugin or the server, or cancels the call, in the middle of a download that the
// cloud does not repeat.
func TestNothingIsLostOfAnArchive(t *testing.T) {
	t.Parallel()
	const arrived = 100_000
	for _, end := range []string{"kill plugin", "kill server", "cancel"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			s := startServerWith(t, emulator.Config{}, []string{dataDir(data)},
				emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultStall, After: arrived})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			answer := make(chan *mcp.CallToolResult, 1)
			go func() {
				r, _ := s.CallTool(ctx, &mcp.CallToolParams{Name: "roma_download_asset_archive", Arguments: map[string]any{
					"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID,
				}})
				answer <- r
			}()
			files := func(pattern string) (found []string) {
				paths, _ := filepath.Glob(filepath.Join(data, pattern))
				for _, path := range paths {
					if info, err := os.Stat(path); err == nil && info.Size() == arrived {
						found = append(found, path)
					}
				}
				return found
			}
			waitFor(t, "the beginning of the archive", func() bool { return len(files("staging/*/*/*/*")) == 1 })
			switch end {
			case "cancel":
				cancel()
				<-answer
			case "kill plugin":
				kill(t, s.plugin(t, "roma-download-archive"))
				if r := <-answer; r == nil || !strings.Contains(textOf(r), filepath.Join(data, "partial")) {
					t.Errorf("answered by %+v", r)
				}
			case "kill server":
				kill(t, s.process.Process.Pid)
				<-answer
				startServerOn(t, s.cloud, dataDir(data))
			}
			waitFor(t, "the beginning to be kept", func() bool { return len(files("partial/*")) == 1 })
		})
	}
}

// TestKilledServerLeavesNothing kills the server the hard way: no plugin outlives it, and no file.
func TestKilledServerLeavesNothing(t *testing.T) {
	t.Parallel()
	s := startServerWith(t, emulator.Config{}, eager)
	plugins := children(t, s.process.Process.Pid)
	if len(plugins) != 5 {
		t.Fatalf("%d plugin processes, want 5", len(plugins))
	}
	kill(t, s.process.Process.Pid)
	for _, pid := range plugins {
		waitFor(t, "the plugin to end", func() bool { return !alive(pid) })
	}
	_ = s.Close()
	waitFor(t, "the temporary folder to be empty", func() bool {
		entries, err := os.ReadDir(s.tempDir)
		return err == nil && len(entries) == 0
	})
}

// TestServerEndsWithItsInput closes the pipe, as an editor does, and wants no process and no file left.
func TestServerEndsWithItsInput(t *testing.T) {
	t.Parallel()
	s := startServerWith(t, emulator.Config{}, eager)
	plugins := children(t, s.process.Process.Pid)
	stop(t, plugins[0])
	if err := s.Close(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, s.log)
	}
	for _, pid := range plugins {
		waitFor(t, "the plugin to end", func() bool { return !alive(pid) })
	}
	entries, err := os.ReadDir(s.tempDir)
	if err != nil || len(entries) > 0 {
		t.Errorf("the temporary folder holds %v, %v", entries, err)
	}
}

// TestCallsAreNotLimitedToFive has many calls in flight at once, and cancels them all.
func TestCallsAreNotLimitedToFive(t *testing.T) {
	t.Parallel()
	const calls = 20
	s := startServer(t, emulator.Config{}, hanging)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range calls {
		running.Go(func() {
			if r, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "rfs_list_templates"}); err == nil && !r.IsError {
				t.Error("a cancelled call succeeded")
			}
		})
	}
	waitFor(t, "all requests to be in flight", func() bool { return len(s.cloud.Requests()) == calls })
	cancel()
	running.Wait()
	s.cloud.SetFaults()
	if r := s.call(t, "rfs_list_templates", nil); r.IsError {
		t.Errorf("the next call failed: %s", textOf(r))
	}
}

// TestPluginsGetOnlyWhatTheyDeclare looks at the environment with which the real plugins were started.
func TestPluginsGetOnlyWhatTheyDeclare(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{})
	s.call(t, "rfs_list_templates", nil) // the credentials have arrived by now
	given := []string{"TMPDIR", "PATH", "GOMEMLIMIT", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "MCP_SERVER_EGRESS"}
	for _, pid := range children(t, s.process.Process.Pid) {
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			t.Fatal(err)
		}
		for variable := range strings.SplitSeq(strings.Trim(string(environment), "\x00"), "\x00") {
			name, _, _ := strings.Cut(variable, "=")
			if !strings.HasPrefix(name, "PLUGIN_") && !strings.HasPrefix(name, "MCP_SERVER_PLUGIN") && !slices.Contains(given, name) {
				t.Errorf("process %d was started with %s", pid, name)
			}
		}
		if input, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", pid)); err != nil || !strings.HasPrefix(input, "pipe:") {
			t.Errorf("process %d has the standard input %s, %v", pid, input, err)
		}
	}
	credentials := s.cloud.Credentials()
	for _, secret := range []string{credentials.AK, credentials.SK} {
		if strings.Contains(s.log.String(), secret) {
			t.Error("a credential is in the log")
		}
	}
}

func (s *server) plugin(t *testing.T, name string) int {
	t.Helper()
	for _, pid := range children(t, s.process.Process.Pid) {
		if command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(command), name) {
			return pid
		}
	}
	t.Fatalf("the plugin %s does not run", name)
	return 0
}

// children returns the plugins among the processes that a server has started.
func children(t *testing.T, parent int) []int {
	t.Helper()
	return childrenIn(t, parent, pluginsDir())
}

// childrenIn has the folder of the plugins.
func childrenIn(t *testing.T, parent int, folder string) []int {
	t.Helper()
	var found []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		content, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(content)) {
			var pid int
			if _, err := fmt.Sscan(field, &pid); err != nil {
				continue
			}
			if command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(command), folder) {
				found = append(found, pid)
			}
		}
	}
	return found
}

func alive(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(status), ") Z ")
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// stop halts a process, which then ignores everything but SIGKILL.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

// terminate ends a process as a system does that shuts down.
func terminate(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}
