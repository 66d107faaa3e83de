// Package sdktest is a plugin author's test kit: it runs a plugin over the real wire, in memory ([New]) or as a process ([Binary]),
// with a host that keeps files in the test's folder, answers questions as the test says, and records what a call does; it
// checks what the plugin offers ([Inventory], [Golden]). Start reading at [New].
package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// Host runs one plugin for one test.
type Host struct {
	// Client is what the client behind the calls can do: everything, unless the test sets it before a call.
	Client sdk.Client

	t        testing.TB
	client   pluginv1.ToolPluginClient
	manifest sdk.Manifest
	schemas  map[string]schemas
	journal  journal
	script   script
}

// New starts the plugin in memory; the test's end stops it. A plugin that is defined wrongly fails the test.
func New(t testing.TB, p sdk.Plugin) *Host {
	t.Helper()
	manifest, err := p.Manifest()
	if err != nil {
		t.Fatalf("the plugin is defined wrongly: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	listener := bufconn.Listen(1 << 20)
	var served sync.WaitGroup
	served.Go(func() {
		if err := sdk.ServeListener(ctx, p, listener, slog.New(slog.DiscardHandler)); err != nil && ctx.Err() == nil {
			t.Errorf("serving the plugin: %v", err)
		}
	})
	conn, err := grpc.NewClient("passthrough:plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		cancel()
		served.Wait()
	})
	return newHost(t, pluginv1.NewToolPluginClient(conn), manifest)
}

func newHost(t testing.TB, client pluginv1.ToolPluginClient, m sdk.Manifest) *Host {
	t.Helper()
	return &Host{
		Client: sdk.Client{Elicit: true, Sample: true, Roots: true, Tasks: true},
		t:      t, client: client, manifest: m, schemas: compileAll(t, m),
		journal: journal{cases: map[string]*once{}}, script: script{answers: map[string]any{}},
	}
}

// Call runs one tool. The arguments are any value whose JSON is an object; nil stands for none. As in a host, arguments that
// the input schema refuses do not reach the tool; a result that the output schema refuses fails the test.
func (h *Host) Call(ctx context.Context, tool string, arguments any) Result {
	h.t.Helper()
	encoded := h.encode(arguments)
	s := h.schemas[tool]
	if refused := s.refusal(encoded); refused != nil {
		return Result{Err: refused}
	}
	if s.taskRequired && !h.Client.Tasks {
		return Result{Err: &sdk.Error{
			Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Message: "only a client that can wait for a task may call this tool",
		}}
	}
	r := h.run(ctx, &pluginv1.Start{Tool: tool, Arguments: encoded})
	if r.Err == nil && s.output != nil {
		if err := validate(s.output, r.JSON); err != nil {
			h.t.Errorf("the result of %s does not fit its schema: %v\n%s", tool, err, r.JSON)
		}
	}
	return r
}

// run sends one start and records what follows.
func (h *Host) run(ctx context.Context, start *pluginv1.Start) Result {
	h.t.Helper()
	store := fileStore{kept: h.t.TempDir()}
	if start.GetKind() == pluginv1.Kind_KIND_TOOL && h.schemas[start.GetTool()].storesFiles {
		store.staging = h.t.TempDir()
	}
	start.CallId, start.StagingDir = "test", store.staging
	start.Client = &pluginv1.Client{Elicit: h.Client.Elicit, Sample: h.Client.Sample, Roots: h.Client.Roots, Tasks: h.Client.Tasks}
	var r Result
	out, err := pluginv1.Invoke(ctx, h.client, start, h.events(&r, store))
	r.JSON, r.Err = out, toError(err)
	return r
}

// Accepts says whether the tool's input schema takes the arguments, without a call.
func (h *Host) Accepts(tool string, arguments any) bool {
	h.t.Helper()
	return h.schemas[tool].refusal(h.encode(arguments)) == nil
}

func (h *Host) encode(arguments any) []byte {
	h.t.Helper()
	encoded, err := json.Marshal(arguments)
	if err != nil {
		h.t.Fatalf("encoding the arguments: %v", err)
	}
	if string(encoded) == "null" { // also of a nil map
		return []byte("{}")
	}
	return encoded
}

// codeOf names the states of the wire that say something of the plugin.
var codeOf = map[codes.Code]sdk.Code{codes.NotFound: sdk.CodeNotFound, codes.Unavailable: sdk.CodeUnavailable}

func toError(err error) *sdk.Error {
	if err == nil {
		return nil
	}
	if failure, ok := errors.AsType[pluginv1.Failure](err); ok {
		d := failure.Detail
		return &sdk.Error{
			Code: sdk.Code(d.GetCode()), Source: sdk.Source(d.GetSource()), Message: d.GetMessage(),
			RetryAfter: time.Duration(d.GetRetryAfterMs()) * time.Millisecond,
		}
	}
	switch status.Code(err) { // the test's own context ended, which gRPC says in its way
	case codes.Canceled:
		return sdk.AsError(context.Canceled)
	case codes.DeadlineExceeded:
		return sdk.AsError(context.DeadlineExceeded)
	case codes.NotFound, codes.Unavailable:
		s := status.Convert(err)
		return &sdk.Error{Code: codeOf[s.Code()], Source: sdk.SourcePlugin, Message: s.Message()}
	}
	return sdk.AsError(err)
}

// fileStore keeps handed-over files in the test's folders.
type fileStore struct{ staging, kept string }

func (s fileStore) adopt(f *pluginv1.File) *pluginv1.FileReply {
	folder, err := os.MkdirTemp(s.kept, "")
	if err != nil {
		return refuse(err)
	}
	path := filepath.Join(folder, filepath.Base(f.GetName()))
	if err := os.Rename(filepath.Join(s.staging, filepath.Base(f.GetPath())), path); err != nil {
		return refuse(err)
	}
	if f.GetPartial() {
		return &pluginv1.FileReply{Reply: &pluginv1.FileReply_KeptPath{KeptPath: path}}
	}
	artifact := sdk.Artifact{
		URI: "artifact://test/" + filepath.Base(f.GetName()), Name: filepath.Base(f.GetName()), MediaType: f.GetMediaType(),
		Size: f.GetSize(), SHA256: hexOf(f.GetSha256()), Path: path,
	}
	if err := json.Unmarshal(f.GetSource(), &artifact.Source); err != nil && !errors.Is(err, io.EOF) {
		return refuse(err)
	}
	encoded, err := json.Marshal(artifact)
	if err != nil {
		return refuse(err)
	}
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: encoded}}
}
