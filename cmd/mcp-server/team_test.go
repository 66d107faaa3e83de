package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/emulator"
)

// team is the real server on HTTP, in a process of its own.
type team struct {
	process *exec.Cmd
	cloud   *emulator.Emulator
	url     string // of the server, without a path
	metrics string // the same of the address of its own for metrics
	file    string // the access file
	data    string
	tempDir string
	log     *syncBuffer
	ended   chan struct{} // closed when the process is gone
	client  *http.Client
}

// teamOptions are what a test's server differs in.
type teamOptions struct {
	cloud  *emulator.Emulator // a new one when nil
	access string             // the text of the access file; without it there is none
	files  []string           // names and texts of the private files beside it, taking turns
	args   []string
	env    []string
	scheme string // http when empty
	client *http.Client
}

// startTeam starts a server and waits until it serves.
func startTeam(t *testing.T, o teamOptions) *team {
	t.Helper()
	s := &team{cloud: o.cloud, data: t.TempDir(), tempDir: shortTempDir(t), log: &syncBuffer{}, ended: make(chan struct{}), client: o.client}
	if s.cloud == nil {
		s.cloud = startCloud(t, emulator.Config{})
	}
	if s.client == nil {
		s.client = &http.Client{Transport: &http.Transport{}}
		t.Cleanup(s.client.CloseIdleConnections)
	}
	args := append([]string{"serve", "--http", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"}, o.args...)
	if o.access != "" {
		s.file = accesstest.File(t, append([]string{"access.yaml", o.access}, o.files...)...)
		args = append(args, "--access", s.file)
	}
	s.process = exec.CommandContext(context.Background(), serverBinary(), args...)
	s.process.Env = append(s.cloud.Environment(), "HOME="+t.TempDir(), sharedCache(), "TMPDIR="+s.tempDir, "HUAWEICLOUD_METADATA_ENDPOINT=off", dataDir(s.data), eager[0])
	s.process.Env = append(s.process.Env, o.env...)
	s.process.Stderr = s.log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, which the cleanup ends
		_ = s.process.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.process.Process.Kill()
		<-s.ended
	})
	waitFor(t, "the server to serve", func() bool { return s.isServing(t) })
	scheme := o.scheme
	if scheme == "" {
		scheme = "http"
	}
	s.url = scheme + "://" + s.url
	return s
}

// isServing reads the addresses off the log.
func (s *team) isServing(t *testing.T) bool {
	t.Helper()
	select {
	case <-s.ended:
		t.Fatalf("the server has ended:\n%s", s.log)
	default:
	}
	for _, line := range s.lines("serving on HTTP") {
		s.url, s.metrics = fmt.Sprint(line["address"]), "http://"+fmt.Sprint(line["metrics"])
		return true
	}
	return false
}

// lines returns the lines of the log with a message.
func (s *team) lines(message string) (found []map[string]any) {
	for text := range strings.Lines(s.log.String()) {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil && line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}

// terminate asks the server to end.
func (s *team) terminate(t *testing.T) {
	t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// tokenOf is a caller's token, which can be told wherever it should not be.
func tokenOf(caller string) string { return "mcps_planted-token-of-" + caller + "-0123456789" }

// caller is an entry of an access file, with further keys.
func caller(t *testing.T, name string, more ...string) string {
	t.Helper()
	sum, err := access.Hash(tokenOf(name))
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]string{"  - name: " + name, "token_sha256: \"" + sum + "\""}, more...)
	return strings.Join(lines, "\n    ") + "\n"
}

// callers is an access file without profiles.
func callers(entries ...string) string { return "callers:\n" + strings.Join(entries, "") }

// bearerToken sends a token with every request.
type bearerToken struct {
	token string
	next  http.RoundTripper
}

func (b bearerToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}

// dial connects the official client with a token, or without one.
func (s *team) dial(t *testing.T, token string, o *mcp.ClientOptions) (*mcp.ClientSession, error) {
	t.Helper()
	transport := &mcp.StreamableClientTransport{
		Endpoint: s.url + "/mcp", HTTPClient: &http.Client{Transport: bearerToken{token, s.client.Transport}}, MaxRetries: -1,
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, o).Connect(t.Context(), transport, nil)
	if err == nil {
		t.Cleanup(func() { _ = session.Close() })
	}
	return session, err
}

// as connects the official client as a caller of the access file; as the local user without a name.
func (s *team) as(t *testing.T, name string, options ...*mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	token, o := "", &mcp.ClientOptions{}
	if name != "" {
		token = tokenOf(name)
	}
	for _, given := range options {
		o = given
	}
	session, err := s.dial(t, token, o)
	if err != nil {
		t.Fatalf("connecting as %q: %v\n%s", name, err, s.log)
	}
	return session
}

// callTool calls a tool and wants an answer of the tool's.
func callTool(t *testing.T, session *mcp.ClientSession, tool string, arguments any) *mcp.CallToolResult {
	t.Helper()
	r, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return r
}

// toolNames lists what a client is offered.
func toolNames(t *testing.T, session *mcp.ClientSession) string {
	t.Helper()
	listed, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(listed.Tools))
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
	}
	return strings.Join(names, " ")
}

// refuseToServe runs a server that must not start, and returns what it says and its exit code.
func refuseToServe(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), serverBinary(), append([]string{"serve"}, args...)...)
	command.Env = []string{"HOME=" + t.TempDir(), dataDir(t.TempDir())}
	var output bytes.Buffer
	command.Stderr = &output
	err := command.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return output.String(), ended.ExitCode()
	}
	t.Fatalf("the server ended with %v: %s", err, &output)
	return "", 0
}
