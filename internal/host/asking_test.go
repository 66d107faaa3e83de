package host

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

const strictForm = `{"message":"Who?","requestedSchema":{"type":"object","required":["name"],"properties":{
	"name":{"type":"string","minLength":2},"mail":{"type":"string","format":"email"},"age":{"type":"integer"}}}}`

func TestAnswersThatFit(t *testing.T) {
	t.Parallel()
	for answer, fits := range map[string]bool{
		`{"action":"accept","content":{"name":"Ada"}}`:                      true,
		`{"action":"accept","content":{"name":"Ada","age":36,"more":true}}`: true,
		`{"action":"decline"}`:                                                 true,
		`{"action":"cancel","content":null}`:                                   true,
		`{"action":"decline","content":{"name":1}}`:                            true,
		`{"action":"accept"}`:                                                  false,
		`{"action":"accept","content":null}`:                                   false,
		`{"action":"accept","content":{"name":"A"}}`:                           false,
		`{"action":"accept","content":{"name":1}}`:                             false,
		`{"action":"accept","content":{"name":"Ada","mail":"not an address"}}`: false,
		`{"action":"accept","content":{"name":"Ada","age":36.5}}`:              false,
		`{"action":"accept","content":[]}`:                                     false,
		`{"action":"agree","content":{"name":"Ada"}}`:                          false,
		`{}`:     false,
		`"name"`: false,
		`null`:   false,
		`{`:      false,
	} {
		a, err := newAsking([]*pluginv1.Question{{Key: "who", Method: "elicitation/create", Params: []byte(strictForm)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.accept(map[string][]byte{"who": []byte(answer), "else": []byte(`{}`)}); got != fits {
			t.Errorf("%s: taken: %v", answer, got)
		}
	}
}

func TestFormThatIsNone(t *testing.T) {
	t.Parallel()
	for _, form := range []string{`{"type":"string"}`, `{"type":"object","properties":{"a":{"type":"nothing"}}}`, `{"type":"object","$ref":"file:///etc/passwd"}`} {
		_, err := newAsking([]*pluginv1.Question{{Key: "who", Method: "elicitation/create", Params: []byte(`{"requestedSchema":` + form + `}`)}})
		if e := sdk.AsError(err); err == nil || e.Code != sdk.CodeInternal || e.Source != sdk.SourcePlugin {
			t.Errorf("%s: %v", form, err)
		}
	}
}

// TestWrongAnswerIsAskedForAgain answers with what does not fit, in a request and in a task.
func TestWrongAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	wrong := map[string]any{"name": map[string]any{"action": "accept", "content": map[string]any{"name": 7}}}
	h := withTool(t, askingTool)
	first := ask(t.Context(), t, h, callOf("test_run", map[string]any{"inputResponses": wrong}))
	again := ask(t.Context(), t, h, callOf("test_run", map[string]any{"requestState": first.Result["requestState"], "inputResponses": wrong}))
	if again.Result["resultType"] != "input_required" || again.Result["requestState"] == first.Result["requestState"] {
		t.Fatalf("after a wrong answer: %+v", again)
	}
	last := ask(t.Context(), t, h, callOf("test_run", map[string]any{"requestState": again.Result["requestState"], "inputResponses": accepted("Ada")}))
	if textIn(last) != "Hello, Ada!" {
		t.Errorf("the last answer is %s", textIn(last))
	}

	h = withTool(t, func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		events.Background(&pluginv1.Background{})
		return askingTool(ctx, r, events)
	})
	id := startTask(t, h)
	for _, answer := range []string{`{"action":"accept","content":{"name":7}}`, `{"action":"accept","content":{"name":"Ada"}}`} {
		asked := awaitTask(t, h, id, taskInputRequired)
		questions, _ := asked["inputRequests"].(map[string]any)
		for key := range questions {
			if failed := h.UpdateTask(t.Context(), id, map[string]json.RawMessage{key: json.RawMessage(answer)}); failed != nil {
				t.Fatal(failed)
			}
		}
	}
	done := awaitTask(t, h, id, taskCompleted)
	result, _ := done["result"].(map[string]any)
	if text := textIn(reply{Result: result}); text != "Hello, Ada!" {
		t.Error(text)
	}
}

// TestClientVanishesWithAQuestion leaves a call alone that asks, and says at the same time that it takes long. It ends by the
// question's bound, and nothing of it stays.
func TestClientVanishesWithAQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newBareHost(t)
		h.mcp = h.newMCPServer()
		m := toolManifest("test_run")
		m.TimeoutSeconds, m.OutputSchema = 3600, nil
		ended := false
		h.add(examine("p", fake(func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (out json.RawMessage, err error) {
			var asked sync.WaitGroup
			asked.Go(func() { out, err = askingTool(ctx, r, events) })
			time.Sleep(time.Minute)
			for range 100 { // nobody attends now
				events.Background(&pluginv1.Background{CloseStream: true})
				events.Background(&pluginv1.Background{})
			}
			asked.Wait()
			ended = true
			return out, err
		}), sdk.Manifest{Tools: []sdk.ToolManifest{m}}))
		r := callOf("test_run", nil)
		r.capabilities = map[string]any{"elicitation": map[string]any{}}
		ctx, leave := context.WithCancel(t.Context())
		if first := ask(ctx, t, h, r); first.Result["resultType"] != "input_required" {
			t.Fatalf("the first answer is %+v", first)
		}
		leave()
		time.Sleep(2*askTimeout + time.Second) // the client may come back for a while
		synctest.Wait()
		if !ended || len(h.waiting.byState) != 0 {
			t.Errorf("ended: %v, still waiting: %v", ended, h.waiting.byState)
		}
	})
}

// TestRequestEndsAsItAsks cancels requests at the moment of their question: none may stay among those that wait.
func TestRequestEndsAsItAsks(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(n)*5*time.Microsecond, cancel)
			r := ask(ctx, t, h, callOf("test_run", nil))
			if state, _ := r.Result["requestState"].(string); state != "" {
				answer := ask(t.Context(), t, h, callOf("test_run", map[string]any{"requestState": state, "inputResponses": accepted("Ada")}))
				if text := textIn(answer); text != "Hello, Ada!" && !strings.Contains(text, "cancel") && answer.Error == nil {
					t.Error(text)
				}
			}
		})
	}
	all.Wait()
	h.calls.Wait()
	if n := len(h.waiting.byState); n > 0 {
		t.Errorf("%d calls still wait", n)
	}
}

// TestCloseWithOpenQuestions ends a host whose calls wait for people, in requests and as tasks.
func TestCloseWithOpenQuestions(t *testing.T) {
	t.Parallel()
	stopped := make(chan struct{})
	h := withTool(t, func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		if string(r.Arguments) != "{}" {
			events.Background(&pluginv1.Background{})
		}
		ctx, cancel := context.WithCancel(ctx)
		context.AfterFunc(t.Context(), cancel)
		go func() { <-stopped; cancel() }() // as the end of a plugin's process does
		return askingTool(ctx, r, events)
	})
	ask(t.Context(), t, h, callOf("test_run", nil))
	created := ask(t.Context(), t, h, callOf("test_run", map[string]any{"arguments": map[string]any{"n": 1}}))
	id, _ := created.Result["taskId"].(string)
	awaitTask(t, h, id, taskInputRequired)
	close(stopped)
	h.Close()
	h.calls.Wait()
	awaitTask(t, h, id, taskCompleted)
}
