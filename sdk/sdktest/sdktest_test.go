package sdktest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

type in struct {
	Mode string `json:"mode" jsonschema_description:"What to do."`
	Size int    `json:"size,omitempty" jsonschema:"default=3" jsonschema_description:"How many bytes."`
}

type out struct {
	Artifacts []sdk.Artifact `json:"artifacts" jsonschema_description:"The files."`
}

var errPrivate = errors.New("the private cause")

func handler(ctx context.Context, call *sdk.Call, in in) (out, error) {
	switch in.Mode {
	case "error":
		return out{}, &sdk.Error{Code: sdk.CodeNotFound, Source: sdk.SourceCloud, Message: "no such thing; look elsewhere", Cause: errPrivate}
	case "plain error":
		return out{}, errors.New("something plain")
	case "panic":
		panic("the tool's own mistake")
	case "wait":
		<-ctx.Done()
		return out{}, ctx.Err()
	}
	call.Progress(1, 2, "half")
	call.Logger().Info("working", "on", "it")
	f, err := call.CreateFile()
	if err != nil {
		return out{}, err
	}
	defer f.Discard()
	if _, err := io.WriteString(f, strings.Repeat("x", in.Size+1)); err != nil {
		return out{}, err
	}
	if err := f.Reset(); err != nil {
		return out{}, err
	}
	if _, err := io.WriteString(f, strings.Repeat("a", in.Size)); err != nil {
		return out{}, err
	}
	info := sdk.FileInfo{Name: "a.txt", MediaType: "text/plain", Source: sdk.Origin{Operation: "Test"}}
	if in.Mode == "keep" {
		_, err := f.Keep(ctx, info)
		return out{}, err
	}
	a, err := f.Store(ctx, info)
	return out{Artifacts: []sdk.Artifact{a}}, err
}

// fetchOnce claims, and ends as the mode says.
func fetchOnce(ctx context.Context, call *sdk.Call, in in) (out, error) {
	source := sdk.Origin{Operation: "Fetch", IDs: map[string]string{"id": "1"}}
	claim, err := call.Claim(ctx, sdk.OnceOnly{Source: source, Name: "a.txt", WayOn: "make it anew", Again: in.Mode == "again"})
	if err != nil {
		return out{}, err
	}
	if claim.Stored != nil {
		return out{Artifacts: []sdk.Artifact{*claim.Stored}}, nil
	}
	switch in.Mode {
	case "release":
		return out{}, errors.Join(claim.Release("it was not sent"), errPrivate)
	case "break":
		return out{}, errPrivate
	}
	f, err := call.CreateFile()
	if err != nil {
		return out{}, err
	}
	defer f.Discard()
	if err := claim.Receiving("a.txt", source, 5); err != nil {
		return out{}, err
	}
	if _, err := io.WriteString(f, "hello"); err != nil {
		return out{}, err
	}
	a, err := f.Store(ctx, sdk.FileInfo{Name: "a.txt", MediaType: "text/plain", Source: source, Claim: claim})
	return out{Artifacts: []sdk.Artifact{a}}, err
}

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: "test", Version: "1", Description: "A plugin of a test.",
		Tools: []sdk.Tool{sdk.NewTool(sdk.ToolSpec{
			Name: "test_run", Title: "Run", Description: "Does what the mode says; made for the tests of the test kit.",
		}, handler), sdk.NewTool(sdk.ToolSpec{
			Name: "test_once", Title: "Fetch once", Description: "Fetches what is handed out once; made for the tests of the test kit.",
		}, fetchOnce)},
	}
}

func TestStoresAFile(t *testing.T) {
	t.Parallel()
	r := sdktest.New(t, plugin()).Call(t.Context(), "test_run", map[string]any{"mode": "store"})
	got := sdktest.Decode[out](t, r)
	a := got.Artifacts[0]
	const sumOfAAA = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
	if a.SHA256 != sumOfAAA || a.Size != 3 || a.Source.Operation != "Test" {
		t.Errorf("artifact %+v", a)
	}
	content, err := os.ReadFile(a.Path)
	if err != nil || string(content) != "aaa" {
		t.Errorf("content %q, %v", content, err)
	}
	if len(r.Progress) != 1 || r.Progress[0] != (sdktest.Progress{Done: 1, Total: 2, Message: "half"}) {
		t.Errorf("progress %v", r.Progress)
	}
	if len(r.Logs) != 1 || !strings.Contains(r.Logs[0], `working {"on":"it"}`) {
		t.Errorf("logs %q", r.Logs)
	}
}

func TestKeepsAPartialFile(t *testing.T) {
	t.Parallel()
	r := sdktest.New(t, plugin()).Call(t.Context(), "test_run", map[string]any{"mode": "keep", "size": 2})
	if r.Err != nil || len(r.Kept) != 1 {
		t.Fatalf("kept %v, error %v", r.Kept, r.Err)
	}
	if content, err := os.ReadFile(r.Kept[0]); err != nil || string(content) != "aa" {
		t.Errorf("content %q, %v", content, err)
	}
}

// TestOnceOnly has the ways in which calls follow each other on one journal.
func TestOnceOnly(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]struct{ mode, want string }{
		"a repeat": {{"store", ""}, {"store", ""}, {"again", ""}},
		"released": {{"release", errPrivate.Error()}, {"store", ""}},
		"broken":   {{"break", errPrivate.Error()}, {"store", "make it anew"}, {"again", ""}, {"store", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := sdktest.New(t, plugin())
			path := ""
			for n, step := range steps {
				r := host.Call(t.Context(), "test_once", map[string]any{"mode": step.mode})
				if step.want != "" {
					if r.Err == nil || !strings.Contains(r.Err.Message, step.want) {
						t.Errorf("step %d: got %v, want %q", n, r.Err, step.want)
					}
					continue
				}
				a := sdktest.Decode[out](t, r).Artifacts[0]
				if content, err := os.ReadFile(a.Path); err != nil || string(content) != "hello" || path != "" && path != a.Path {
					t.Errorf("step %d: %q in %s after %s, %v", n, content, a.Path, path, err)
				}
				path = a.Path
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, plugin())
	for mode, want := range map[string]sdk.Error{
		"error":       {Code: sdk.CodeNotFound, Source: sdk.SourceCloud, Message: "no such thing; look elsewhere"},
		"plain error": {Code: sdk.CodeUnknown, Source: sdk.SourcePlugin, Message: "something plain"},
		"panic":       {Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Message: "the tool test_run broke"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := host.Call(t.Context(), "test_run", map[string]any{"mode": mode})
			if r.Err == nil || r.Err.Code != want.Code || r.Err.Source != want.Source || !strings.Contains(r.Err.Message, want.Message) {
				t.Fatalf("got %#v, want %#v", r.Err, want)
			}
			if strings.Contains(r.Err.Message, errPrivate.Error()) || strings.Contains(r.Err.Message, "own mistake") {
				t.Errorf("the message tells what belongs to the log: %s", r.Err.Message)
			}
		})
	}
	for name, arguments := range map[string]any{
		"unknown argument": map[string]any{"mode": "store", "more": 1}, "wrong type": map[string]any{"mode": 1},
	} {
		if r := host.Call(t.Context(), "test_run", arguments); r.Err == nil || r.Err.Source != sdk.SourceArgument {
			t.Errorf("%s: got %v", name, r.Err)
		}
	}
}

func TestCancellationReachesTheTool(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	host := sdktest.New(t, plugin())
	go cancel()
	if r := host.Call(ctx, "test_run", map[string]any{"mode": "wait"}); r.Err == nil {
		t.Error("a cancelled call succeeded")
	}
}
