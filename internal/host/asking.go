package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// asking is a set of questions that waits for answers. One goroutine at a time hands answers over.
type asking struct {
	questions []*pluginv1.Question
	forms     map[string]*schema     // what the content of an accepted form must fit, by the questions' keys
	given     map[string][]byte      // so far
	answers   chan map[string][]byte // takes one: all of them
	refused   chan error             // takes one: why there will be none
	over      chan struct{}          // closed when nobody waits for the answers any more
}

// newAsking compiles the forms of the questions. One that is no JSON Schema is the plugin's mistake.
func newAsking(questions []*pluginv1.Question) (*asking, error) {
	a := &asking{
		questions: questions, forms: map[string]*schema{}, given: map[string][]byte{},
		answers: make(chan map[string][]byte, 1), refused: make(chan error, 1), over: make(chan struct{}),
	}
	for _, q := range questions {
		if q.GetMethod() != "elicitation/create" {
			continue
		}
		var params struct {
			Schema json.RawMessage `json:"requestedSchema"`
		}
		err := json.Unmarshal(q.GetParams(), &params)
		if err == nil && len(params.Schema) > 0 {
			a.forms[q.GetKey()], err = compile(params.Schema)
		}
		if err != nil {
			return nil, &sdk.Error{
				Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Cause: err,
				Message: fmt.Sprintf("the plugin asks with a form that is no JSON Schema: %v", err),
			}
		}
	}
	return a, nil
}

// accept takes answers that fit questions, and reports whether none is missing now.
func (a *asking) accept(answers map[string][]byte) (complete bool) {
	for _, q := range a.questions {
		if raw, given := answers[q.GetKey()]; given && a.fits(q, raw) {
			a.given[q.GetKey()] = raw
		}
	}
	if len(a.open()) > 0 {
		return false
	}
	select {
	case a.answers <- a.given:
	default: // they are there already
	}
	return true
}

// fits reports whether an answer is one to the question: an object, and for a form what its schema asks for. A person who
// declines has answered, too.
func (a *asking) fits(q *pluginv1.Question, raw []byte) bool {
	if q.GetMethod() != "elicitation/create" {
		return isObject(raw)
	}
	var answer struct {
		Action  string          `json:"action"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(raw, &answer) != nil {
		return false
	}
	switch form := a.forms[q.GetKey()]; {
	case answer.Action == "decline", answer.Action == "cancel":
		return true
	case answer.Action != "accept":
		return false
	case form == nil:
		return true
	default:
		return form.fits(answer.Content)
	}
}

// fits reports whether the JSON object, or none for an empty one, is valid.
func (s *schema) fits(raw json.RawMessage) bool {
	if len(raw) == 0 || string(raw) == "null" {
		raw = json.RawMessage("{}")
	}
	tree, err := parse(raw)
	return err == nil && s.validate(tree) == nil
}

// open returns the questions without an answer.
func (a *asking) open() []*pluginv1.Question {
	var open []*pluginv1.Question
	for _, q := range a.questions {
		if _, answered := a.given[q.GetKey()]; !answered {
			open = append(open, q)
		}
	}
	return open
}

// refuse says that there will be no answers.
func (a *asking) refuse(err error) {
	select {
	case a.refused <- err:
	default: // one reason is enough
	}
}

// wait returns all answers, or why there are none: nobody needs to answer once the host stops.
func (a *asking) wait(ctx context.Context, stop <-chan struct{}) (map[string][]byte, error) {
	select {
	case answers := <-a.answers:
		return answers, nil
	case err := <-a.refused:
		return nil, err
	case <-stop:
		return nil, &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Message: "the server is stopping; call again when it is back"}
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	return nil, &sdk.Error{
		Code: sdk.CodeDeadlineExceeded, Source: sdk.SourceArgument, Cause: ctx.Err(),
		Message: "nobody answered the question in time; call again when somebody can",
	}
}

func isObject(raw []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(raw, &object) == nil && object != nil
}
