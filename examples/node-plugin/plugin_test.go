package nodeplugin

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

type drawIn struct {
	Count   int `json:"count"`
	PauseMS int `json:"pause_ms"`
}

type drawOut struct {
	Tickets []int `json:"tickets"`
}

func TestCall(t *testing.T) {
	t.Parallel()
	var got map[string]any
	in := map[string]any{"text": "Hello there.\n你好世界", "language": "zh"}
	if err := start(t, "node-plugin").call(t.Context(), "text_statistics", in, &got, pluginv1.Events{}); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"characters": 17.0, "words": 4.0, "sentences": 2.0, "lines": 2.0, "longest_word": "Hello"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEvents counts what a call says before its result, in order.
func TestEvents(t *testing.T) {
	t.Parallel()
	var said []string
	var out drawOut
	err := start(t, "node-plugin").call(t.Context(), "ticket_draw", drawIn{Count: 2, PauseMS: 1}, &out, pluginv1.Events{
		Begun:    func(*pluginv1.Begun) { said = append(said, "begun") },
		Progress: func(p *pluginv1.Progress) { said = append(said, p.GetMessage()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"begun", "ticket 1", "ticket 2"}, said); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 2}, out.Tickets); diff != "" {
		t.Error(diff)
	}
}

// TestFileHandOver checks the file as the host finds it when it is told of it.
func TestFileHandOver(t *testing.T) {
	t.Parallel()
	k := start(t, "node-plugin")
	folder, content := k.folder(), ""
	ev := pluginv1.Events{File: func(_ context.Context, f *pluginv1.File) *pluginv1.FileReply {
		raw, err := os.ReadFile(filepath.Join(folder, f.GetPath()))
		if err != nil {
			t.Error(err)
		}
		if sum := sha256.Sum256(raw); string(sum[:]) != string(f.GetSha256()) || int(f.GetSize()) != len(raw) {
			t.Errorf("the file has %d bytes and another checksum than was announced with %d", len(raw), f.GetSize())
		}
		content = f.GetName() + ", " + f.GetMediaType() + ": " + string(raw)
		return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: []byte(`{"uri":"artifact://1/x","size":7}`)}}
	}}
	in := `{"name":"x","columns":["a","b"],"rows":[["1","2,5"],["\"","\n"]]}`
	out, err := k.Call(t.Context(), request("table_write_csv", in, folder), ev)
	if err != nil {
		t.Fatal(err)
	}
	if want := "x.csv, text/csv: a,b\r\n1,\"2,5\"\r\n\"\"\"\",\"\n\"\r\n"; content != want {
		t.Errorf("the file is %q; want %q", content, want)
	}
	if want := `{"rows":2,"artifacts":[{"uri":"artifact://1/x","size":7}]}`; string(out) != want {
		t.Errorf("the result is %s; want %s", out, want)
	}
	refuse := pluginv1.Events{File: func(context.Context, *pluginv1.File) *pluginv1.FileReply {
		return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Error{Error: &pluginv1.Error{Code: "data_loss", Source: "host", Message: "the disk broke"}}}
	}}
	_, err = k.Call(t.Context(), request("table_write_csv", in, k.folder()), refuse)
	wantError(t, err, sdk.CodeDataLoss, sdk.SourceHost, "the disk broke")
	_, err = k.Call(t.Context(), request("table_write_csv", in, ""), pluginv1.Events{})
	wantError(t, err, sdk.CodeUnimplemented, sdk.SourcePlugin, "no folder for files")
}

// TestErrors goes through the ways in which a call fails without harm to the others.
func TestErrors(t *testing.T) {
	t.Parallel()
	k := start(t, "node-plugin")
	for tool, c := range map[string]struct {
		in     any
		code   sdk.Code
		source sdk.Source
		words  string
	}{
		"text_statistics": {map[string]any{"text": "x", "language": "no language"}, sdk.CodeInvalidArgument, sdk.SourceArgument, `argument "language"`},
		"ticket_draw":     {drawIn{Count: 1001}, sdk.CodeResourceExhausted, sdk.SourcePlugin, "draw fewer"},
		"no_such_tool":    {struct{}{}, sdk.CodeNotFound, sdk.SourceHost, "no tool"},
	} {
		wantError(t, k.call(t.Context(), tool, c.in, nil, pluginv1.Events{}), c.code, c.source, c.words)
	}
	rough := start(t, "rough")
	for tool, c := range map[string]struct {
		code   sdk.Code
		source sdk.Source
		words  string
	}{
		"rough_mistake": {sdk.CodeInternal, sdk.SourcePlugin, "other calls are not affected"},
		"rough_large":   {sdk.CodeResourceExhausted, sdk.SourcePlugin, "16 MiB"},
		"rough_form":    {sdk.CodeFailedPrecondition, sdk.SourceHost, "cannot be asked"},
	} {
		wantError(t, rough.call(t.Context(), tool, struct{}{}, nil, pluginv1.Events{}), c.code, c.source, c.words)
	}
	err := rough.call(t.Context(), "rough_reject", struct{}{}, nil, pluginv1.Events{})
	wantError(t, err, sdk.CodeNotFound, sdk.SourceCloud, "list the things")
	if e, ok := errors.AsType[*sdk.Error](err); ok && e.RetryAfter != 1500*time.Millisecond {
		t.Errorf("it may be tried again after %s", e.RetryAfter)
	}
	if rough.Status().Restarts != 0 {
		t.Error("an error has cost the process")
	}
}

// TestCancel checks that the end of a call reaches the tool, and that the plugin tells which calls run.
func TestCancel(t *testing.T) {
	t.Parallel()
	k := start(t, "rough")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := k.call(ctx, "rough_hang", struct{}{}, nil, pluginv1.Events{Progress: func(*pluginv1.Progress) { cancel() }})
	wantError(t, err, sdk.CodeCanceled, sdk.SourceHost, "cancelled")
	eventually(t, "the tool was told", func() bool { return k.text("rough_cancelled") == "1" })
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	err = k.call(short, "rough_hang", struct{}{}, nil, pluginv1.Events{})
	wantError(t, err, sdk.CodeDeadlineExceeded, sdk.SourceHost, "deadline")
	eventually(t, "the tool was told of the deadline", func() bool { return k.text("rough_cancelled") == "2" })
	if k.Status().Restarts != 0 {
		t.Error("a cancelled call has cost the process")
	}
}

// TestKilled kills the process in a call, and lets it end in others; the next call always finds a new one.
func TestKilled(t *testing.T) {
	t.Parallel()
	for tool, words := range map[string]string{
		"rough_hang_once": "signal: killed", "rough_exit": "exit status 3", "rough_unhandled": "exit status 1",
	} {
		k := start(t, "rough")
		err := k.call(t.Context(), tool, struct{}{}, nil, pluginv1.Events{Begun: func(*pluginv1.Begun) {
			if tool == "rough_hang_once" {
				kill(t, k.Status().PID)
			}
		}})
		wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, words)
		if got := k.text("rough_cancelled"); got != "0" {
			t.Errorf("the new process says %s", got)
		}
	}
}

// TestNoise prints what has broken hosts before; all of it ends in the log.
func TestNoise(t *testing.T) {
	t.Parallel()
	k := start(t, "rough")
	if got := k.text("rough_noise"); got != "done" {
		t.Errorf("the tool says %q", got)
	}
	eventually(t, "what was printed is in the log", func() bool {
		return strings.Contains(k.log.String(), "printed { with: 'console.log' }")
	})
}

// TestConfiguration checks that a secret arrives, but not in the environment that the process is started with.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	k := start(t, "rough")
	if got := k.text("rough_secret"); got != "quite secret; ROUGH_SECRET" {
		t.Errorf("the plugin reads %q", got)
	}
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this system has no /proc")
	}
	environ, err := os.ReadFile(filepath.Join("/proc", pid(k), "environ"))
	if err != nil || strings.Contains(string(environ), "secret") {
		t.Errorf("the process was started with %q, %v", environ, err)
	}
}

// TestComplete asks for an argument that has suggestions, and for one that has none.
func TestComplete(t *testing.T) {
	t.Parallel()
	k := start(t, "node-plugin")
	for argument, want := range map[string]string{"language": "en es de", "text": ""} {
		got, _, err := k.Complete(t.Context(), supervisor.Completion{
			Name: "text_statistics", Completion: sdk.Completion{Argument: argument, Value: "E"},
		})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("the values of %s are %q, %v; want %s", argument, got, err, want)
		}
	}
}

// TestDrain stops the plugin while a call runs, which is told and ends before the process.
func TestDrain(t *testing.T) {
	t.Parallel()
	k := start(t, "rough")
	var stopped atomic.Bool
	err := k.call(t.Context(), "rough_hang", struct{}{}, nil, pluginv1.Events{Progress: func(*pluginv1.Progress) {
		go func() {
			k.Stop(context.WithoutCancel(t.Context()))
			stopped.Store(true)
		}()
	}})
	wantError(t, err, sdk.CodeCanceled, sdk.SourceHost, "cancelled")
	eventually(t, "the plugin has stopped", stopped.Load)
	if log := k.log.String(); !strings.Contains(log, `"state":"exit status 0"`) {
		t.Errorf("it did not end by itself: %s", log)
	}
}
