package host

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

func TestQuestionInTheMiddleOfACall(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	first := ask(t.Context(), t, h, callOf("test_run", nil))
	state, _ := first.Result["requestState"].(string)
	if first.Result["resultType"] != "input_required" || state == "" {
		t.Fatalf("the first answer is %+v", first)
	}
	for name, more := range map[string]map[string]any{
		"changed state":   {"requestState": state + "x", "inputResponses": accepted("Eve")},
		"other arguments": {"requestState": state, "inputResponses": accepted("Eve"), "arguments": map[string]any{"n": 1}},
	} {
		if r := ask(t.Context(), t, h, callOf("test_run", more)); r.Error == nil || r.Error.Code != -32602 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	other := access.WithCaller(t.Context(), access.Caller{Name: "eve"})
	if r := ask(other, t, h, callOf("test_run", map[string]any{"requestState": state, "inputResponses": accepted("Eve")})); r.Error == nil {
		t.Errorf("another caller's answer was taken: %+v", r)
	}
	again := ask(t.Context(), t, h, callOf("test_run", map[string]any{"requestState": state, "inputResponses": map[string]any{"name": 1}}))
	next, _ := again.Result["requestState"].(string)
	if next == "" || next == state {
		t.Fatalf("after a wrong answer: %+v", again)
	}
	last := ask(t.Context(), t, h, callOf("test_run", map[string]any{"requestState": next, "inputResponses": accepted("Ada")}))
	if textIn(last) != "Hello, Ada!" {
		t.Errorf("the last answer is %s", textIn(last))
	}
	if r := ask(t.Context(), t, h, callOf("test_run", map[string]any{"requestState": next, "inputResponses": accepted("Ada")})); r.Error == nil {
		t.Error("a state was good twice")
	}
}

func TestAnswersMayComeFirst(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	r := ask(t.Context(), t, h, callOf("test_run", map[string]any{"inputResponses": accepted("Ada")}))
	if textIn(r) != "Hello, Ada!" {
		t.Error(textIn(r))
	}
}

func TestClientThatCannotAnswer(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	r := callOf("test_run", nil)
	r.capabilities = map[string]any{}
	got := ask(t.Context(), t, h, r)
	if got.Error == nil || got.Error.Code != -32021 || !strings.Contains(string(got.Error.Data), `"elicitation"`) {
		t.Errorf("got %+v", got)
	}
}

// TestNobodyAnswers leaves a question open for longer than a person may take.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		h := newBareHost(t)
		h.mcp = h.newMCPServer()
		m := toolManifest("test_run")
		m.TimeoutSeconds = 3600
		h.add(examine("p", fake(func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
			out, err := askingTool(ctx, r, events)
			ended <- err
			return out, err
		}), sdk.Manifest{Tools: []sdk.ToolManifest{m}}))
		first := ask(t.Context(), t, h, callOf("test_run", nil))
		if first.Result["resultType"] != "input_required" {
			t.Fatalf("the first answer is %+v", first)
		}
		time.Sleep(askTimeout)
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "nobody answered") {
			t.Errorf("the tool got %v", err)
		}
		synctest.Wait()
		// The client comes back too late for an answer, and in time for what the call came to.
		again := callOf("test_run", map[string]any{"requestState": first.Result["requestState"], "inputResponses": accepted("Ada")})
		if r := ask(t.Context(), t, h, again); !strings.Contains(textIn(r), "nobody answered") {
			t.Errorf("the client who comes back hears %+v", r)
		}
		if ask(t.Context(), t, h, callOf("test_run", nil)).Result["resultType"] != "input_required" {
			t.Error("the second call asks nothing")
		}
		time.Sleep(2*askTimeout + 1)
		synctest.Wait()
		if err := <-ended; err == nil || len(h.waiting.byState) != 0 {
			t.Error("the question is still kept")
		}
	})
}

func TestCancelledRequestEndsItsCall(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	h := withTool(t, func(ctx context.Context, _ supervisor.Request, _ pluginv1.Events) (json.RawMessage, error) {
		close(begun)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if r := ask(ctx, t, h, callOf("test_run", nil)); r.Result["isError"] != true {
		t.Errorf("got %+v", r)
	}
	<-ended
}

func TestFailureAndProvenance(t *testing.T) {
	t.Parallel()
	h := withTool(t, func(_ context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		events.CloudRequest(&pluginv1.CloudRequest{Endpoint: "https://drs.example", Region: "cn-north-4", RequestId: "req-1"})
		if strings.Contains(string(r.Arguments), "1") {
			return nil, &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceCloud, Message: "busy", RetryAfter: 2 * time.Second}
		}
		return blocks("done")
	})
	good := ask(t.Context(), t, h, callOf("test_run", nil))
	meta, _ := good.Result["_meta"].(map[string]any)
	p, _ := meta[ProvenanceMetaKey].(map[string]any)
	if p["plugin"] != "p" || p["version"] != "1.2.3" || p["endpoint"] != "https://drs.example" || p["region"] != "cn-north-4" || p["call_id"] == "" {
		t.Errorf("provenance %+v", p)
	}
	bad := ask(t.Context(), t, h, callOf("test_run", map[string]any{"arguments": map[string]any{"n": 1}}))
	meta, _ = bad.Result["_meta"].(map[string]any)
	f, _ := meta[ErrorMetaKey].(map[string]any)
	if f["code"] != "unavailable" || f["source"] != "cloud" || f["plugin"] != "p" || f["retryable"] != true || f["retry_after_ms"] != 2000.0 || f["phase"] != "run" {
		t.Errorf("failure %+v", f)
	}
}

func TestLargeResultsAreStored(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	large := json.RawMessage(`{"items":["` + strings.Repeat("x", maxInline) + `"]}`)
	h.add(examine("p", fake(func(context.Context, supervisor.Request, pluginv1.Events) (json.RawMessage, error) { return large, nil }),
		sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_run")}}))
	r := ask(access.WithCaller(t.Context(), access.Caller{Name: "ada"}), t, h, callOf("test_run", nil))
	encoded, err := json.Marshal(r.Result)
	if err != nil || len(encoded) > 2000 || r.Result["isError"] != true {
		t.Fatalf("%d bytes, %v: %.300s", len(encoded), err, encoded)
	}
	stored, err := h.artifactsOf(access.WithCaller(t.Context(), access.Caller{Name: "ada"}))
	if err != nil || len(stored) != 1 || stored[0].Size != int64(len(large)) {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	if others, err := h.artifactsOf(access.WithCaller(t.Context(), access.Caller{Name: "eve"})); err != nil || len(others) != 0 {
		t.Errorf("another caller sees %+v, %v", others, err)
	}
}
