//go:build unix

package supervisor

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

func TestCallStartsThePlugin(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.Plugin(pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}, Known{})
	if got := mustCall[text](t, p, "echo", text{"hello"}); got.Text != "hello" {
		t.Errorf("got %q", got.Text)
	}
}

func TestToolErrors(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{LookupEnv: env(map[string]string{"KITCHEN_SECRET": "hunter22"})})
	p := k.start("kitchen")
	_, err := call(t.Context(), p, "fail", text{"see https://obs.example/f?Signature=abc\x1b[31m then "})
	want := "see https://obs.example/f?[redacted] then [redacted]"
	wantError(t, err, sdk.CodeNotFound, sdk.SourceCloud)
	if e := sdk.AsError(err); e.RetryAfter != time.Second || !strings.HasPrefix(e.Message, "see https://obs.example/f?[redacted]") {
		t.Errorf("the error is %+v; want %q", e, want)
	}
	_, err = call(t.Context(), p, "nothing", none{})
	wantError(t, err, sdk.CodeNotFound, sdk.SourceHost, `plugin kitchen has no tool "nothing"`)
	_, err = call(t.Context(), p, "echo", number{1})
	wantError(t, err, sdk.CodeInvalidArgument, sdk.SourceArgument, "unknown field")
}

func TestEventsCross(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{LookupEnv: env(map[string]string{"KITCHEN_SECRET": "hunter22"})})
	p := k.start("kitchen")
	staging, seen := t.TempDir(), []string{}
	arguments, err := json.Marshal(text{"hunter22"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Call(t.Context(), Request{Tool: "events", Arguments: arguments, CallID: "c7", StagingDir: staging}, pluginv1.Events{
		Progress: func(e *pluginv1.Progress) { seen = append(seen, "progress "+e.GetMessage()) },
		Log: func(e *pluginv1.Log) {
			seen = append(seen, "log "+e.GetMessage()+" "+string(e.GetAttributes()))
		},
		File: func(_ context.Context, f *pluginv1.File) *pluginv1.FileReply {
			content, err := os.ReadFile(filepath.Join(staging, f.GetPath()))
			seen = append(seen, "file "+f.GetName()+" "+string(content))
			if err != nil {
				t.Errorf("reading the file: %v", err)
			}
			return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: []byte(`{"uri":"artifact://x/file.txt"}`)}}
		},
	})
	if err != nil || string(out) != `{"text":"artifact://x/file.txt"}` {
		t.Errorf("the result is %s, %v", out, err)
	}
	want := []string{
		"progress half of [redacted]", `log logged [redacted] {"link":"https://host/path?[redacted]"}`, "file file.txt content",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestResultTooLarge(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	pid := p.Status().PID
	_, err := call(t.Context(), p, "big", number{20 << 20})
	wantError(t, err, sdk.CodeResourceExhausted, sdk.SourcePlugin, "the result of big is larger than the 16 MiB", "ask for less")
	if got := mustCall[text](t, p, "big", number{15 << 20}); len(got.Text) != 15<<20 {
		t.Errorf("15 MiB came as %d bytes", len(got.Text))
	}
	_, err = call(t.Context(), p, "echo", text{strings.Repeat("a", 17<<20)})
	wantError(t, err, sdk.CodeInvalidArgument, sdk.SourceArgument, "the arguments have")
	if p.Status().PID != pid {
		t.Error("the process was replaced")
	}
}

// running starts a call and returns once its handler runs. The channel yields the call's error.
func running(ctx context.Context, t *testing.T, p *Plugin, tool string) <-chan error {
	t.Helper()
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := p.Call(ctx, Request{Tool: tool}, pluginv1.Events{
			Progress: func(*pluginv1.Progress) { close(begun) },
		})
		ended <- err
	}()
	select {
	case <-begun:
	case err := <-ended:
		t.Fatalf("the call ended before it ran: %v", err)
	case <-time.After(patience):
		t.Fatal("the call never ran")
	}
	return ended
}

func await(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatal("the call does not end")
		return nil
	}
}

func TestCancelReachesTheHandler(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	ctx, cancel := context.WithCancel(t.Context())
	ended := running(ctx, t, p, "wait")
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	k.log.await(t, "the handler saw context canceled")
	mustCall[text](t, p, "echo", text{"x"})
}

func TestCallDoesNotWaitForThePlugin(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{StopTimeout: 100 * time.Millisecond})
	p := k.start("kitchen")
	pid := p.Status().PID

	ctx, cancel := context.WithCancel(t.Context())
	ended := running(ctx, t, p, "stubborn")
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)

	ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second) // long enough to begin
	defer cancel()
	wantError(t, await(t, running(ctx, t, p, "stubborn")), sdk.CodeDeadlineExceeded, sdk.SourceHost)
	mustCall[text](t, p, "echo", text{"the plugin lives"})
	if p.Status().PID != pid {
		t.Error("a plugin that ignores one call's end was replaced")
	}
}

func TestCallOfAStoppedProcess(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{CancelGrace: 100 * time.Millisecond, HealthTimeout: 300 * time.Millisecond})
	p := k.start("kitchen")
	pid := p.Status().PID
	suspend(t, pid)
	within(t, patience, "the call", func() {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := call(ctx, p, "echo", text{"x"})
		wantError(t, err, sdk.CodeDeadlineExceeded, sdk.SourceHost)
	})
	// The process gives no sign of life, so it is replaced.
	k.log.await(t, "gives no sign of life")
	eventually(t, "the stuck process is gone", func() bool { return p.Status().PID != pid })
	mustCall[text](t, p, "echo", text{"x"})
}
