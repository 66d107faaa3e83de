// Package sdktest is a plugin author's test kit: it runs a plugin in memory over the real wire, with a host that keeps
// files in the test's folder and records progress and log lines. Start reading at [New].
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
	t       testing.TB
	client  pluginv1.ToolPluginClient
	schemas map[string]schemas
	journal journal
}

// Result is what one call came to.
type Result struct {
	// JSON is the tool's output; nil when Err is set.
	JSON []byte
	// Err is the tool's error as a host sees it.
	Err *sdk.Error
	// Progress holds the messages in order.
	Progress []Progress
	// Logs holds the log messages in order.
	Logs []string
	// Kept are the paths of partial files that the plugin asked to keep.
	Kept []string
}

// Progress is one progress report.
type Progress struct {
	Done, Total float64
	Message     string
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
	return &Host{t: t, client: pluginv1.NewToolPluginClient(conn), schemas: compileAll(t, manifest), journal: journal{cases: map[string]*once{}}}
}

// Call runs one tool. The arguments are any value whose JSON is an object; nil stands for none. As in a host, arguments that
// the input schema refuses do not reach the tool; a result that the output schema refuses fails the test.
func (h *Host) Call(ctx context.Context, tool string, arguments any) Result {
	h.t.Helper()
	encoded := h.encode(arguments)
	if refused := h.schemas[tool].refusal(encoded); refused != nil {
		return Result{Err: refused}
	}
	store := fileStore{kept: h.t.TempDir()}
	if h.schemas[tool].storesFiles {
		store.staging = h.t.TempDir()
	}
	claims := claims{journal: &h.journal}
	var r Result
	start := &pluginv1.Start{Tool: tool, Arguments: encoded, CallId: "test", StagingDir: store.staging}
	out, err := pluginv1.Invoke(ctx, h.client, start, pluginv1.Events{
		Progress: func(p *pluginv1.Progress) {
			r.Progress = append(r.Progress, Progress{Done: p.GetDone(), Total: p.GetTotal(), Message: p.GetMessage()})
		},
		Log: func(l *pluginv1.Log) { r.Logs = append(r.Logs, l.GetMessage()+" "+string(l.GetAttributes())) },
		File: func(_ context.Context, f *pluginv1.File) *pluginv1.FileReply {
			reply := store.adopt(f)
			if path := reply.GetKeptPath(); path != "" {
				r.Kept = append(r.Kept, path)
			}
			if f.GetClaimed() {
				claims.stored(reply.GetArtifact())
			}
			return reply
		},
		Claim:   func(_ context.Context, m *pluginv1.Claim) *pluginv1.ClaimReply { return claims.grant(m) },
		Release: claims.release,
	})
	r.JSON, r.Err = out, toError(err)
	if r.Err == nil {
		if err := validate(h.schemas[tool].output, out); err != nil {
			h.t.Errorf("the result of %s does not fit its schema: %v\n%s", tool, err, out)
		}
	}
	return r
}

// Accepts says whether the tool's input schema takes the arguments, without a call.
func (h *Host) Accepts(tool string, arguments any) bool {
	h.t.Helper()
	return h.schemas[tool].refusal(h.encode(arguments)) == nil
}

func (h *Host) encode(arguments any) []byte {
	h.t.Helper()
	if arguments == nil {
		return []byte("{}")
	}
	encoded, err := json.Marshal(arguments)
	if err != nil {
		h.t.Fatalf("encoding the arguments: %v", err)
	}
	return encoded
}

// Decode reads the output of a call that must succeed.
func Decode[Out any](t testing.TB, r Result) Out {
	t.Helper()
	var out Out
	if r.Err != nil {
		t.Fatalf("the call failed: %s (%s, %s)", r.Err.Message, r.Err.Code, r.Err.Source)
	}
	if err := json.Unmarshal(r.JSON, &out); err != nil {
		t.Fatalf("reading the output %s: %v", r.JSON, err)
	}
	return out
}

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
