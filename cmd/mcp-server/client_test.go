package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mcp-server/internal/emulator"
	"mcp-server/sdk"
)

// server is the real server in a process of its own, and the official Go SDK's client at the other end of its pipes.
type server struct {
	*mcp.ClientSession
	process *exec.Cmd
	cloud   *emulator.Emulator
	tempDir string
	log     *syncBuffer

	mu       sync.Mutex
	progress []mcp.ProgressNotificationParams
	changed  int      // how often the list of resources did
	tools    int      // how often the list of tools did
	updated  []string // resources
}

// startServer runs the server against an emulator of its own.
func startServer(t *testing.T, cfg emulator.Config, faults ...emulator.Fault) *server {
	t.Helper()
	return startServerWith(t, cfg, nil, faults...)
}

// startServerWith also sets variables, which win over the emulator's.
func startServerWith(t *testing.T, cfg emulator.Config, env []string, faults ...emulator.Fault) *server {
	t.Helper()
	cloud := startCloud(t, cfg, faults...)
	return startServerOn(t, cloud, env...)
}

func startCloud(t *testing.T, cfg emulator.Config, faults ...emulator.Fault) *emulator.Emulator {
	t.Helper()
	cloud, err := emulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	cloud.SetFaults(faults...)
	return cloud
}

// startServerOn runs a server against an emulator that runs already. The variables win over the emulator's.
func startServerOn(t *testing.T, cloud *emulator.Emulator, env ...string) *server {
	t.Helper()
	return startServerSpeaking(t, "", cloud, env...)
}

// startServerSpeaking has a client of a certain revision of MCP; the latest when empty.
func startServerSpeaking(t *testing.T, revision string, cloud *emulator.Emulator, env ...string) *server {
	t.Helper()
	s := &server{cloud: cloud, tempDir: shortTempDir(t), log: &syncBuffer{}}
	s.process = exec.CommandContext(context.Background(), serverBinary(), "serve", "--log-level", "info")
	s.process.Env = append(cloud.Environment(), "HOME="+t.TempDir(), sharedCache(), "TMPDIR="+s.tempDir, "HUAWEICLOUD_METADATA_ENDPOINT=off",
		"MCP_SERVER_DATA_DIR="+t.TempDir())
	s.process.Env = append(s.process.Env, env...)
	s.process.Stderr = s.log
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.progress = append(s.progress, *r.Params)
		},
		ResourceListChangedHandler: func(context.Context, *mcp.ResourceListChangedRequest) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changed++
		},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tools++
		},
		ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.updated = append(s.updated, r.Params.URI)
		},
	})
	var err error
	s.ClientSession, err = client.Connect(t.Context(), &mcp.CommandTransport{Command: s.process}, &mcp.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		t.Fatalf("connecting: %v\n%s", err, s.log)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// shortTempDir leaves room for a socket's path, which may have about 100 bytes.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (s *server) call(t *testing.T, tool string, arguments any) *mcp.CallToolResult {
	t.Helper()
	params := &mcp.CallToolParams{Name: tool, Arguments: arguments}
	params.SetProgressToken(tool)
	r, err := s.CallTool(t.Context(), params)
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, s.log)
	}
	return r
}

// TestOfficialClientCallsEveryTool drives the whole server with a client that is not ours, checks each result against
// the tool's own output schema and every file against what the emulator holds.
func TestOfficialClientCallsEveryTool(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{})
	listed, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tools := map[string]*mcp.Tool{}
	for _, tool := range listed.Tools {
		tools[tool.Name] = tool
		if a := tool.Annotations; a == nil || a.DestructiveHint == nil || a.OpenWorldHint == nil || tool.Title == "" {
			t.Errorf("%s lacks hints or a title: %+v", tool.Name, a)
		}
	}
	if text := s.InitializeResult().Instructions; !strings.Contains(text, "htap_list_instances") {
		t.Errorf("the instructions do not tell how the tools fit together: %s", text)
	}
	results := map[string]map[string]any{}
	for _, step := range everyTool {
		tool, known := tools[step.tool]
		if !known {
			t.Errorf("there is no tool %s", step.tool)
			continue
		}
		delete(tools, step.tool)
		r := s.call(t, step.tool, step.arguments(results))
		if r.IsError {
			t.Fatalf("%s: %s", step.tool, textOf(r))
		}
		results[step.tool] = structured(t, r)
		validate(t, tool, r)
		if step.content != nil {
			s.compare(t, r, step.content(results))
		}
	}
	for name := range tools {
		t.Errorf("the tool %s is not called by this test", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.progress) == 0 {
		t.Error("no call reported progress")
	}
}

// compare checks the one artifact of a result, its link and its bytes.
func (s *server) compare(t *testing.T, r *mcp.CallToolResult, content string) {
	t.Helper()
	var out struct {
		Artifacts []sdk.Artifact `json:"artifacts"`
	}
	encoded, err := json.Marshal(r.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &out); err != nil || len(out.Artifacts) != 1 {
		t.Fatalf("%s: artifacts in %s, %v", content, encoded, err)
	}
	a := out.Artifacts[0]
	want, held := s.cloud.Content(content)
	got, err := os.ReadFile(a.Path)
	if err != nil || !held || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes on disk, %d at the emulator (%v), %v", content, len(got), len(want), held, err)
	}
	for _, c := range r.Content {
		if link, ok := c.(*mcp.ResourceLink); ok && link.URI == a.URI {
			return
		}
	}
	t.Errorf("%s: there is no resource link to %s", content, a.URI)
}

func validate(t *testing.T, tool *mcp.Tool, r *mcp.CallToolResult) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("out.json", tool.OutputSchema); err != nil {
		t.Fatalf("%s: %v", tool.Name, err)
	}
	schema, err := compiler.Compile("out.json")
	if err != nil {
		t.Fatalf("%s: %v", tool.Name, err)
	}
	if err := schema.Validate(r.StructuredContent); err != nil {
		t.Errorf("%s: the result breaks the output schema: %v", tool.Name, err)
	}
	if text := textOf(r); !json.Valid([]byte(text)) {
		t.Errorf("%s: the text is not the JSON of the result: %s", tool.Name, text)
	}
}

func structured(t *testing.T, r *mcp.CallToolResult) map[string]any {
	t.Helper()
	out, ok := r.StructuredContent.(map[string]any)
	if !ok {
		t.Fatalf("structured content is %T", r.StructuredContent)
	}
	return out
}

func textOf(r *mcp.CallToolResult) string {
	for _, c := range r.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			return text.Text
		}
	}
	return ""
}

// syncBuffer collects what a process writes while a test reads it.
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
