package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// Asked is one question that the client was asked.
type Asked struct {
	// Key names the answer, and Method is elicitation/create, sampling/createMessage or roots/list.
	Key, Method string
	// Params is the JSON object of that method's params in MCP.
	Params json.RawMessage
}

// AnswerFunc answers a question when it is asked; nil stands for no answer. The context ends with the call.
type AnswerFunc = func(ctx context.Context, q Asked) any

// script are the client's answers by the questions' keys.
type script struct {
	mu      sync.Mutex
	answers map[string]any
}

// Answer sets what the client answers from now on to the question of a key: [Accept], [Decline], [Says], [Folders], any
// other value whose JSON is the method's result in MCP, or an [AnswerFunc]. The call fails for a question without an answer.
func (h *Host) Answer(key string, answer any) {
	h.script.mu.Lock()
	defer h.script.mu.Unlock()
	h.script.answers[key] = answer
}

// Accept is the answer of a person who fills the form in; the values' JSON is an object.
func Accept(values any) any { return map[string]any{"action": "accept", "content": values} }

// Decline is the answer of a person who says no to the form.
func Decline() any { return map[string]any{"action": "decline"} }

// Says is the answer of the client's model.
func Says(text string) any {
	return map[string]any{
		"role": "assistant", "model": "test", "stopReason": "endTurn", "content": map[string]any{"type": "text", "text": text},
	}
}

// Folders is the answer to [sdk.Roots]: URIs such as file:///home/me/project.
func Folders(uris ...string) any {
	roots := make([]any, 0, len(uris))
	for _, uri := range uris {
		roots = append(roots, map[string]any{"uri": uri})
	}
	return map[string]any{"roots": roots}
}

// ask answers what a plugin asks, as the script has it and as far as the client is able.
func (h *Host) ask(ctx context.Context, a *pluginv1.Ask, r *Result) *pluginv1.AskReply {
	reply := &pluginv1.AskReply{Answers: map[string][]byte{}}
	for _, q := range a.GetQuestions() {
		asked := Asked{Key: q.GetKey(), Method: q.GetMethod(), Params: q.GetParams()}
		if !able(h.Client, asked.Method) {
			return refuseAsk(fmt.Sprintf("the client of this call does not know %s", asked.Method))
		}
		r.Asked = append(r.Asked, asked)
	}
	for _, asked := range r.Asked[len(r.Asked)-len(a.GetQuestions()):] {
		answer := h.answer(ctx, asked)
		if answer == nil {
			return refuseAsk(fmt.Sprintf("nobody answered the question %q", asked.Key))
		}
		reply.Answers[asked.Key] = answer
	}
	return reply
}

func refuseAsk(message string) *pluginv1.AskReply {
	return &pluginv1.AskReply{Error: &pluginv1.Error{
		Code: string(sdk.CodeFailedPrecondition), Source: string(sdk.SourceHost), Message: message,
	}}
}

func able(c sdk.Client, method string) bool {
	switch method {
	case "elicitation/create":
		return c.Elicit
	case "sampling/createMessage":
		return c.Sample
	case "roots/list":
		return c.Roots
	}
	return false
}

// answer returns the JSON of one answer; nil when there is none.
func (h *Host) answer(ctx context.Context, q Asked) []byte {
	h.script.mu.Lock()
	answer := h.script.answers[q.Key]
	h.script.mu.Unlock()
	if decide, ok := answer.(AnswerFunc); ok {
		answer = decide(ctx, q)
	}
	if answer == nil {
		return nil
	}
	encoded, err := json.Marshal(answer)
	if err != nil {
		h.t.Errorf("encoding the answer to %q: %v", q.Key, err)
		return nil
	}
	if problem := misfit(q, encoded); problem != nil {
		h.t.Errorf("the answer to %q does not fit the form: %v", q.Key, problem)
	}
	return encoded
}

// misfit says why the values of an accepted form are not what the form asks for; a host would not pass them on.
func misfit(q Asked, answer []byte) error {
	var form struct {
		Schema json.RawMessage `json:"requestedSchema"`
	}
	var filled struct {
		Action  string          `json:"action"`
		Content json.RawMessage `json:"content"`
	}
	_, _ = json.Unmarshal(q.Params, &form), json.Unmarshal(answer, &filled) // what is neither stays empty
	if form.Schema == nil || filled.Action != "accept" {
		return nil
	}
	schema, err := compile(form.Schema)
	if err != nil {
		return err
	}
	return validate(schema, filled.Content)
}
