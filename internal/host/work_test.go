package host

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// TestCallsAreCountedWhileTheyRun has a caller whose calls have no request any more.
func TestCallsAreCountedWhileTheyRun(t *testing.T) {
	t.Parallel()
	h := withTool(t, func(ctx context.Context, _ supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		events.Background(&pluginv1.Background{})
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ada := access.WithCaller(t.Context(), access.Caller{Name: "ada", Limits: access.Limits{Concurrent: 2}})
	for range 2 {
		if created := ask(ada, t, h, callOf("test_run", nil)); created.Result["resultType"] != "task" {
			t.Fatalf("created %+v", created)
		}
	}
	third := ask(ada, t, h, callOf("test_run", nil))
	meta, _ := third.Result["_meta"].(map[string]any)
	failure, _ := meta[ErrorMetaKey].(map[string]any)
	if failure["code"] != string(sdk.CodeResourceExhausted) || failure["retryable"] != true || failure["phase"] != string(PhasePolicy) {
		t.Errorf("the third call: %+v", third)
	}
	bob := access.WithCaller(t.Context(), access.Caller{Name: "bob"})
	if created := ask(bob, t, h, callOf("test_run", nil)); created.Result["resultType"] != "task" {
		t.Errorf("another caller's call: %+v", created)
	}
	h.work.endOthers(func(access.Caller) bool { return false })
}

// TestWorkOfRevokedCallersEnds takes a caller's right away while its call runs.
func TestWorkOfRevokedCallersEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer close(stop)
		var w work
		go w.recheck(stop, func(c access.Caller) bool { return c.Name == "bob" })
		of := map[string]context.Context{}
		for _, name := range []string{"", "ada", "bob"} {
			c := &call{caller: access.Caller{Name: name}, logger: discard()}
			entered, failed := w.enter(t.Context(), c)
			if failed != nil {
				t.Fatal(failed)
			}
			defer w.leave(c)
			of[name] = entered
		}
		time.Sleep(recheckEvery + 1)
		synctest.Wait()
		if !errors.Is(context.Cause(of["ada"]), errRevoked) || of["bob"].Err() != nil || of[""].Err() != nil {
			t.Errorf("ada %v, bob %v, local %v", context.Cause(of["ada"]), of["bob"].Err(), of[""].Err())
		}
	})
}

// TestKeysTellCallersApart has two tokens of one name with different rights.
func TestKeysTellCallersApart(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	strong := access.WithCaller(t.Context(), access.Caller{Name: "ada", Rule: "ops"})
	weak := access.WithCaller(t.Context(), access.Caller{Name: "ada", Rule: "default"})
	first := ask(strong, t, h, callOf("test_run", nil))
	retry := callOf("test_run", map[string]any{"requestState": first.Result["requestState"], "inputResponses": accepted("Eve")})
	if r := ask(weak, t, h, retry); r.Error == nil {
		t.Errorf("a weaker token of the same name went on: %+v", r)
	}
	if r := ask(strong, t, h, retry); textIn(r) != "Hello, Eve!" {
		t.Errorf("the same token: %+v", r)
	}
}

// TestAnotherFailureIsNotTheClients asks what the client cannot answer, and then fails for a reason of its own.
func TestAnotherFailureIsNotTheClients(t *testing.T) {
	t.Parallel()
	h := withTool(t, func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		if _, err := askingTool(ctx, r, events); err == nil {
			t.Error("a client without abilities was asked")
		}
		return nil, &sdk.Error{Code: sdk.CodeNotFound, Source: sdk.SourceCloud, Message: "gone"}
	})
	r := callOf("test_run", nil)
	r.capabilities = map[string]any{}
	if got := ask(t.Context(), t, h, r); got.Error != nil || textIn(got) != "gone" {
		t.Errorf("got %+v", got)
	}
}

// TestRemoteCallersSeeNoPaths stores a result and looks for where it is.
func TestRemoteCallersSeeNoPaths(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	if err := h.addOwnTools(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"": true, "ada": false} {
		ctx := access.WithCaller(t.Context(), access.Caller{Name: name})
		if _, err := h.store(access.CallerOf(ctx), Result{Structured: json.RawMessage(`{"of":"` + name + `"}`)}); err != nil {
			t.Fatal(err)
		}
		out, err := h.Call(ctx, Request{Name: "artifact_list"})
		var list struct {
			Artifacts []struct{ Path string }
		}
		if err == nil {
			err = json.Unmarshal(out.Structured, &list)
		}
		if err != nil || len(list.Artifacts) == 0 || (list.Artifacts[0].Path != "") != want {
			t.Errorf("%q: %s, %v", name, out.Structured, err)
		}
	}
}

// TestListingsOfOneNameAreApart hides a prompt that has the name of another plugin's tool.
func TestListingsOfOneNameAreApart(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.add(examine("p", fake(nil), sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("same_name")}}))
	h.add(examine("q", fake(nil), sdk.Manifest{
		Prompts:   []sdk.PromptManifest{{Name: "same_name", Title: "T", Description: "Does something.", Unlisted: true}},
		Resources: []sdk.ResourceManifest{{URI: "q://{id}", Name: "q", Description: "Something."}},
	}))
	listed := ask(t.Context(), t, h, request{method: "tools/list", capabilities: allAbilities})
	if tools, _ := listed.Result["tools"].([]any); len(tools) != 1 {
		t.Errorf("tools %+v", listed.Result)
	}
	ada := access.WithCaller(t.Context(), access.Caller{Name: "ada", Policy: access.Policy{Allow: []access.Rule{mustRule(t, "same_name")}}})
	templates := ask(ada, t, h, request{method: "resources/templates/list", capabilities: allAbilities})
	if found, _ := templates.Result["resourceTemplates"].([]any); len(found) != 1 || h.MayRead(ada, "q://1") || !h.MayRead(t.Context(), "q://1") {
		t.Errorf("templates %+v", templates.Result)
	}
}

func mustRule(t *testing.T, text string) access.Rule {
	t.Helper()
	rules, err := access.ParseRules([]string{text})
	if err != nil {
		t.Fatal(err)
	}
	return rules[0]
}

// TestPanicCostsOneCall panics in the middle of a once-only download: the next call must not wait for the claim.
func TestPanicCostsOneCall(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.cfg.NoConfirm = true
	m := toolManifest("test_run")
	m.StoresFiles, m.OutputSchema = true, nil
	first := true
	h.add(examine("p", fake(func(ctx context.Context, _ supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		reply := events.Claim(ctx, &pluginv1.Claim{Source: []byte(`{"operation":"Fetch","ids":{"archive_id":"a"}}`), Name: "a.zip", WayOn: "make another"})
		if first {
			first = false
			panic("the host's own mistake")
		}
		return blocks(reply.GetError().GetMessage())
	}), sdk.Manifest{Tools: []sdk.ToolManifest{m}}))
	if r := ask(t.Context(), t, h, callOf("test_run", nil)); !strings.Contains(textIn(r), "other calls are not affected") {
		t.Errorf("the first call: %+v", r)
	}
	if r := ask(t.Context(), t, h, callOf("test_run", nil)); r.Result["isError"] == true || textIn(r) == "" {
		t.Errorf("the second call: %+v", r)
	}
}

// TestRuleForAllMeansPluginsWithoutTools denies everything, and what has no tool too.
func TestRuleForAllMeansPluginsWithoutTools(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	h.add(examine("q", fake(nil), sdk.Manifest{Resources: []sdk.ResourceManifest{{URI: "q://one", Name: "q", Description: "Something."}}}))
	for text, want := range map[string]bool{"*": false, "drs_*": true, "hint:read_only": false, "hint:!read_only": true} {
		caller := access.Caller{Name: "ada", Policy: access.Policy{Deny: []access.Rule{mustRule(t, text)}}}
		if got := h.MayRead(access.WithCaller(t.Context(), caller), "q://one"); got != want {
			t.Errorf("deny %s: %v", text, got)
		}
	}
}
