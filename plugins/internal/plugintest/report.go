package plugintest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// ToolRun is one call of a tool.
type ToolRun struct {
	Tool      string
	Arguments Object
	// Again are the arguments of a second run, where it must not be the same; nil where it may.
	Again Object
}

// WantAllReported runs the tools one after the other, each with a cloud that is well and with one that fails once, and checks that
// every call reports exactly the requests that the emulator has seen.
func WantAllReported(t *testing.T, h *Host, runs []ToolRun) {
	t.Helper()
	for _, run := range runs {
		for _, faults := range [][]emulator.Fault{nil, {{Kind: emulator.FaultEmpty, Times: 1}}} {
			h.Cloud.SetFaults(faults...)
			before := len(h.Cloud.Requests())
			arguments := run.Arguments
			if faults != nil && run.Again != nil {
				arguments = run.Again
			}
			r := h.Do(t, run.Tool, arguments)
			if faults == nil && (r.Err != nil || len(r.CloudRequests) == 0) {
				t.Errorf("%s: %d requests, %v", run.Tool, len(r.CloudRequests), r.Err)
			}
			h.wantReported(t, run.Tool, r, h.Cloud.Requests()[before:])
		}
	}
}

func (h *Host) wantReported(t *testing.T, tool string, r sdktest.Result, seen []emulator.Request) {
	t.Helper()
	if len(r.CloudRequests) != len(seen) {
		t.Errorf("%s: %d requests, reported %d: %+v", tool, len(seen), len(r.CloudRequests), r.CloudRequests)
		return
	}
	for n, got := range r.CloudRequests {
		want := seen[n]
		if got.Method != want.Method || got.Status != want.Status || got.Endpoint != h.Cloud.Endpoint(want.Service) || !fits(got.Route, want.Path) {
			t.Errorf("%s: reported %+v, the emulator has seen %+v", tool, got, want)
		}
		if got.Region != emulator.Region || got.RequestID == "" || got.Attempt < 1 || got.Start.IsZero() || got.End.Before(got.Start) {
			t.Errorf("%s: incomplete: %+v", tool, got)
		}
		h.wantBare(t, got)
	}
}

// word is what a route is made of apart from its braces.
var word = regexp.MustCompile(`^(v[0-9]|[a-z]+)$`)

// fits says whether a path is of the route, whose ids are left out.
func fits(route, path string) bool {
	if route == "/{object}" {
		return true
	}
	names, parts := strings.Split(route, "/")[1:], strings.Split(path, "/")[1:]
	if len(names) != len(parts) {
		return false
	}
	for n, name := range names {
		if isID := strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}"); !isID && (name != parts[n] || !word.MatchString(name)) {
			return false
		}
	}
	return true
}

// wantBare checks that a report holds no secret, no query and no id.
func (h *Host) wantBare(t *testing.T, got sdk.CloudRequest) {
	t.Helper()
	who := h.Cloud.Credentials()
	text := fmt.Sprintf("%+v", got)
	for _, wrong := range []string{"?", who.AK, who.SK, who.Token, who.ProjectID, "Signature", emulator.RFSTemplateName, emulator.ROMAInstanceID, emulator.DRSJobID} {
		if strings.Contains(text, wrong) {
			t.Errorf("%q in the report %s", wrong, text)
		}
	}
}
