package host

import (
	"strings"
	"testing"

	"mcp-server/internal/access"
	"mcp-server/sdk"
)

func TestReadOnlyBeatsEverything(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		server, caller access.Policy
	}{
		"server": {server: access.Policy{ReadOnly: true}},
		"caller": {caller: access.Policy{ReadOnly: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestHost(t)
			h.cfg.Policy = at.server
			writing := toolManifest("test_write")
			writing.Hints = sdk.Hints{}
			h.add(examine("p", fake(nil), sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_read"), writing}}))
			ctx := access.WithCaller(t.Context(), access.Caller{Name: "ada", Policy: at.caller})
			listed := ask(ctx, t, h, request{method: "tools/list", capabilities: allAbilities})
			if tools, _ := listed.Result["tools"].([]any); len(tools) != 1 {
				t.Errorf("listed %+v", listed)
			}
			got := ask(ctx, t, h, callOf("test_write", nil))
			if got.Error == nil || got.Error.Code != -32602 || !strings.Contains(got.Error.Message, "read-only") {
				t.Errorf("called: %+v", got)
			}
		})
	}
}

func TestUnknownPromptNamesTheKnown(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.add(examine("p", fake(nil), sdk.Manifest{Prompts: []sdk.PromptManifest{
		{Name: "known", Title: "T", Description: "Does something."}, {Name: "hidden", Title: "T", Description: "Does something.", Unlisted: true},
	}}))
	got := ask(t.Context(), t, h, request{method: "prompts/get", params: map[string]any{"name": "nope"}, capabilities: allAbilities})
	if got.Error == nil || got.Error.Code != -32602 || !strings.HasSuffix(got.Error.Message, `"nope"; there are known`) ||
		!strings.Contains(string(got.Error.Data), "not_found") {
		t.Errorf("got %+v", got.Error)
	}
}

func TestUnknownProfileIsRefused(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	for _, profile := range []string{"nobody", "../up", "UP"} {
		ctx := access.WithCaller(t.Context(), access.Caller{Name: "ada", Profile: profile})
		if _, err := h.Call(ctx, Request{Name: "test_run"}); err == nil || !strings.Contains(err.Error(), "profile") {
			t.Errorf("%s: %v", profile, err)
		}
	}
}
