package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// slowly makes a template list take about a second: one of its pages does.
var slowly = emulator.Fault{Service: emulator.ServiceRFS, Kind: emulator.FaultSlow, Times: 1}

// begin calls the list of templates in the background and returns its answer once the request is at the cloud.
func (s *team) begin(t *testing.T, client *mcp.ClientSession) <-chan *mcp.CallToolResult {
	t.Helper()
	before := len(s.cloud.Requests())
	answer := make(chan *mcp.CallToolResult, 1)
	go func() {
		r, _ := client.CallTool(t.Context(), &mcp.CallToolParams{Name: "rfs_list_templates"})
		answer <- r
	}()
	waitFor(t, "the call to reach the cloud", func() bool { return len(s.cloud.Requests()) > before })
	return answer
}

// gone checks that a server which has ended left no process and no temporary file.
func (s *team) gone(t *testing.T, plugins []int) {
	t.Helper()
	<-s.ended
	for _, pid := range plugins {
		waitFor(t, "the plugin to end", func() bool { return !alive(pid) })
	}
	waitFor(t, "the temporary folder to be empty", func() bool {
		entries, err := os.ReadDir(s.tempDir)
		return err == nil && len(entries) == 0
	})
}

// TestServerDrains ends a server in the middle of a call, which is answered; nothing new is taken meanwhile.
func TestServerDrains(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann"))})
	ann := s.as(t, "ann") // whose event stream is open, too
	plugins := children(t, s.process.Process.Pid)
	s.cloud.SetFaults(slowly)
	answer := s.begin(t, ann)
	s.terminate(t)
	waitFor(t, "the server to say that it is ending", func() bool {
		a := s.request(t, http.MethodGet, s.metrics+"/readyz", "")
		return a.status == http.StatusServiceUnavailable && strings.Contains(a.body, "draining") && a.header.Get("Retry-After") != ""
	})
	if a := s.request(t, http.MethodGet, s.metrics+"/healthz", ""); a.status != http.StatusOK {
		t.Errorf("while it ends the server's health is %d", a.status)
	}
	waitFor(t, "new requests to be refused", func() bool {
		a, err := s.try(t.Context(), http.MethodPost, s.url+"/mcp", initializeMessage, authorization("ann")...)
		if err == nil && a.status != http.StatusServiceUnavailable {
			t.Errorf("a new request was answered by %d %s", a.status, a.body)
		}
		return err != nil
	})
	if r := <-answer; r == nil || r.IsError {
		t.Errorf("the running call was answered by %+v\n%s", r, s.log)
	}
	s.gone(t, plugins)
	if code := s.process.ProcessState.ExitCode(); code != exitDone {
		t.Errorf("the server ended with %d\n%s", code, s.log)
	}
}

// TestIdleServerEndsAtOnce has clients and their streams, but no call.
func TestIdleServerEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{})
	s.as(t, "")
	plugins := children(t, s.process.Process.Pid)
	s.terminate(t)
	s.gone(t, plugins)
	if code := s.process.ProcessState.ExitCode(); code != exitDone {
		t.Errorf("the server ended with %d\n%s", code, s.log)
	}
}

// TestSecondSignalEndsTheServer has a call that never ends.
func TestSecondSignalEndsTheServer(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{})
	plugins := children(t, s.process.Process.Pid)
	s.cloud.SetFaults(hanging)
	answer := s.begin(t, s.as(t, ""))
	s.terminate(t)
	waitFor(t, "the server to drain", func() bool { return len(s.lines("ending: nothing more is accepted")) > 0 })
	select {
	case <-s.ended:
		t.Fatalf("the server did not wait for its call\n%s", s.log)
	default:
	}
	s.terminate(t)
	s.gone(t, plugins)
	if r := <-answer; r != nil {
		t.Errorf("the cut call was answered by %+v", r)
	}
	if state := s.process.ProcessState; state.ExitCode() == exitDone {
		t.Errorf("the server ended with %v", state)
	}
}

// TestStdioServerDrainsBriefly ends the server of one editor in the middle of a call.
func TestStdioServerDrainsBriefly(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{}, slowly)
	plugins := children(t, s.process.Process.Pid)
	answer := background(t, s, "rfs_list_templates", nil)
	waitFor(t, "the call to reach the cloud", func() bool { return len(s.cloud.Requests()) > 0 })
	(&team{process: s.process}).terminate(t)
	r := <-answer
	if r == nil || r.IsError {
		t.Errorf("the running call was answered by %+v\n%s", r, s.log)
	}
	for _, pid := range plugins {
		waitFor(t, "the plugin to end", func() bool { return !alive(pid) })
	}
}
