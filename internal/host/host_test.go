package host

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// fake is a plugin without a process.
type fake func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error)

func (f fake) Call(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
	return f(ctx, r, events)
}

func (f fake) Complete(context.Context, supervisor.Completion) ([]string, int, error) {
	return nil, 0, nil
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newTestHost(t *testing.T) *Host {
	t.Helper()
	h := newHost(Config{Version: "test", DataDir: t.TempDir(), Logger: discard()})
	own, err := h.openTenant(h.cfg.DataDir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.store.Close)
	t.Cleanup(own.stop)
	h.tenants.byName = map[string]*tenant{"": own}
	h.mcp = h.newMCPServer()
	return h
}

func toolManifest(name string) sdk.ToolManifest {
	return sdk.ToolManifest{
		Name: name, Title: "T", Description: "Does something.", Hints: sdk.Hints{ReadOnly: true},
		InputSchema:  json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer"}}}`),
		OutputSchema: json.RawMessage(`{"type":"object","properties":{"items":{"type":"array"}}}`),
	}
}

func TestBadToolsAreQuarantined(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*sdk.ToolManifest)
		want  string
	}{
		"name":           {func(m *sdk.ToolManifest) { m.Name = "bad name! ünï" }, "letters, digits"},
		"empty name":     {func(m *sdk.ToolManifest) { m.Name = "" }, "letters, digits"},
		"long name":      {func(m *sdk.ToolManifest) { m.Name = strings.Repeat("x", 61) }, "1 to 60"},
		"no title":       {func(m *sdk.ToolManifest) { m.Title = "" }, "no title"},
		"huge title":     {func(m *sdk.ToolManifest) { m.Title = strings.Repeat("x", 11<<20) }, "more than 200"},
		"control title":  {func(m *sdk.ToolManifest) { m.Title = "a\x1b[31m" }, "control"},
		"no description": {func(m *sdk.ToolManifest) { m.Description = " " }, "no description"},
		"no schema":      {func(m *sdk.ToolManifest) { m.InputSchema = nil }, "input schema"},
		"broken schema":  {func(m *sdk.ToolManifest) { m.InputSchema = json.RawMessage(`{"type":`) }, "input schema"},
		"output schema":  {func(m *sdk.ToolManifest) { m.OutputSchema = json.RawMessage(`[]`) }, "output schema"},
		"header annotation": {func(m *sdk.ToolManifest) {
			m.InputSchema = json.RawMessage(`{"type":"object","properties":{"a":{"type":"object","x-mcp-header":"not a header!"}}}`)
		}, "x-mcp-header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestHost(t)
			bad := toolManifest("test_bad")
			tc.spoil(&bad)
			h.add(examine("p", nil, sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_good"), bad}, Instructions: "Use test_good."}))
			if tools := h.Tools(); len(tools) != 1 || tools[0].Name != "test_good" {
				t.Errorf("tools %v", tools)
			}
			problems := h.Problems()
			if len(problems) != 1 || !strings.Contains(problems[0].Reason, tc.want) {
				t.Errorf("problems %+v, want one with %q", problems, tc.want)
			}
			if text := h.instructions(access.Caller{}); !strings.Contains(text, "Use test_good.") || !strings.Contains(text, "Not available: the tool") {
				t.Errorf("instructions: %s", text)
			}
		})
	}
}

func TestNameClashNamesBothOwners(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.add(examine("first", nil, sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_same")}}))
	h.add(examine("second", nil, sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_same")}}))
	tool, err := h.Tool("test_same")
	if err != nil || tool.Plugin != "first" {
		t.Errorf("owner %q, %v", tool.Plugin, err)
	}
	if p := h.Problems(); len(p) != 1 || p[0].Plugin != "second" || !strings.Contains(p[0].Reason, "first") {
		t.Errorf("problems %+v", p)
	}
}

func TestCallStoresFilesAndReportsProgress(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	content := []byte("content")
	sum := sha256.Sum256(content)
	var staging string
	storing := toolManifest("test_run")
	storing.StoresFiles = true
	h.add(examine("p", fake(func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		staging = r.StagingDir
		if err := os.WriteFile(filepath.Join(staging, "f"), content, 0o600); err != nil {
			return nil, err
		}
		events.Log(&pluginv1.Log{Level: 0, Message: "working", Attributes: []byte(`{"b":1,"a":"x"}`)})
		events.Progress(&pluginv1.Progress{Done: 1, Total: 2, Message: "half"})
		reply := events.File(ctx, &pluginv1.File{
			Path: "f", Name: "a b.txt", Size: int64(len(content)), Sha256: sum[:], Source: []byte(`{"operation":"Op"}`),
		})
		return reply.GetArtifact(), nil
	}), sdk.Manifest{Tools: []sdk.ToolManifest{storing}}))
	var progress []Progress
	r, err := h.Call(t.Context(), Request{Name: "test_run", Listener: Listener{Progress: func(p Progress) { progress = append(progress, p) }}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Artifacts) != 1 || r.Artifacts[0].Source.Operation != "Op" || !strings.HasSuffix(r.Artifacts[0].URI, "/a%20b.txt") {
		t.Errorf("artifacts %+v", r.Artifacts)
	}
	if got, err := os.ReadFile(r.Artifacts[0].Path); err != nil || string(got) != "content" {
		t.Errorf("content %q, %v", got, err)
	}
	if diff := cmp.Diff([]Progress{{Done: 1, Total: 2, Message: "half"}}, progress); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(staging); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the call's folder is still there: %v", err)
	}
}

func TestCallErrors(t *testing.T) {
	t.Parallel()
	crash := &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, Message: "the plugin p ended", Cause: supervisor.ErrInterrupted}
	unstarted := &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, Message: "the plugin p did not start"}
	for name, tc := range map[string]struct {
		out  string
		err  error
		code sdk.Code
		want string
	}{
		"crash":      {"", crash, sdk.CodeUnavailable, "ended. Calling again is safe"},
		"no start":   {"", unstarted, sdk.CodeUnavailable, "did not start"},
		"cloud":      {"", &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceCloud, Message: "busy"}, sdk.CodeUnavailable, "busy"},
		"not JSON":   {"nonsense", nil, sdk.CodeInternal, "does not fit"},
		"not object": {"[1]", nil, sdk.CodeInternal, "does not fit"},
		"schema":     {`{"items":null}`, nil, sdk.CodeInternal, "output schema"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestHost(t)
			h.add(examine("p", fake(func(context.Context, supervisor.Request, pluginv1.Events) (json.RawMessage, error) {
				return json.RawMessage(tc.out), tc.err
			}), sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_run")}}))
			_, err := h.Call(t.Context(), Request{Name: "test_run"})
			if e := sdk.AsError(err); err == nil || e.Code != tc.code || !strings.Contains(e.Message, tc.want) {
				t.Errorf("got %v", err)
			}
			if repeat := strings.Contains(sdk.AsError(err).Message, "again is safe"); repeat != errors.Is(tc.err, crash) {
				t.Errorf("whether to repeat is said wrongly: %v", err)
			}
		})
	}
	if !strings.HasSuffix(crash.Message, "ended") {
		t.Error("the plugin's error was changed in place")
	}
}

func TestCrashOfAWritingToolDoesNotInviteARepeat(t *testing.T) {
	t.Parallel()
	c := call{tool: Tool{ToolManifest: sdk.ToolManifest{Hints: sdk.Hints{Destructive: true}}}}
	e := c.finish(&sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, Message: "the plugin p ended", Cause: supervisor.ErrInterrupted})
	if !strings.Contains(e.Message, "look before calling again") {
		t.Error(e.Message)
	}
}

func TestUnknownToolNamesTheKnown(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.add(examine("p", nil, sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_run")}}))
	_, err := h.Call(t.Context(), Request{Name: strings.Repeat("x", 1<<20)})
	if err == nil || !strings.Contains(err.Error(), "test_run") || len(err.Error()) > 500 {
		t.Errorf("got %.600v", err)
	}
}

func TestOneCallGetsADeadline(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.add(examine("p", fake(func(ctx context.Context, _ supervisor.Request, _ pluginv1.Events) (json.RawMessage, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			return nil, errors.New("no deadline")
		}
		return json.RawMessage("{}"), nil
	}), sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_run")}}))
	if _, err := h.Call(t.Context(), Request{Name: "test_run"}); err != nil {
		t.Error(err)
	}
}

func TestImpossibleProgressIsDropped(t *testing.T) {
	t.Parallel()
	var got []float64
	c := call{request: Request{Listener: Listener{Progress: func(p Progress) { got = append(got, p.Done) }}}}
	for _, done := range []float64{0, 1, math.NaN(), math.Inf(1), 0.5, 2} {
		c.report(&pluginv1.Progress{Done: done, Total: 2})
	}
	c.report(&pluginv1.Progress{Done: 3, Total: math.NaN()})
	if diff := cmp.Diff([]float64{0, 1, 2}, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestOnePluginCannotFillTheList(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	m := sdk.Manifest{Instructions: strings.Repeat("x", maxInstructions+1)}
	for n := range maxTools + 1 {
		m.Tools = append(m.Tools, toolManifest(fmt.Sprintf("test_%d", n)))
	}
	h.add(examine("p", nil, m))
	if n := len(h.Tools()); n != maxTools || len(h.Problems()) != 2 || strings.Contains(h.instructions(access.Caller{}), "xxxx") {
		t.Errorf("%d tools, problems %v", n, h.Problems())
	}
}

func TestMissingPluginsAreNamedWhereAToolIsNot(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.report(Problem{Plugin: "broken", Reason: "it ended at once"})
	_, err := h.Call(t.Context(), Request{Name: "broken_tool"})
	if e := sdk.AsError(err); e.Code != sdk.CodeUnavailable || !strings.Contains(e.Message, "broken (it ended at once)") {
		t.Errorf("got %v", err)
	}
}

func TestDeadlineIsTheTools(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]float64{0: defaultTimeout.Seconds(), 7: 7, 1 << 30: maxTimeout.Seconds()} {
		if got := (Tool{ToolManifest: sdk.ToolManifest{TimeoutSeconds: seconds}}).timeout().Seconds(); got != want {
			t.Errorf("timeout_seconds %d gives %v s, want %v", seconds, got, want)
		}
	}
}
