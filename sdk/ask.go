package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"mcp-server/internal/pluginv1"
)

// Client is what the client behind a call can do.
type Client struct {
	Elicit bool // put a form before a person
	Sample bool // ask its model
	Roots  bool // name its folders
	Tasks  bool // wait for a task
}

// Client returns what the client behind the call can do.
func (c *Call) Client() Client { return c.client }

// Question is something that only the person or the model behind the client can answer, made by [Form], [Elicit],
// [Sample] or [Roots].
type Question struct {
	method string
	params any
}

// Elicit puts a form before a person. The schema is a JSON Schema of a flat object of strings, numbers, booleans and
// enums, as elicitation/create of MCP wants it.
func Elicit(message string, schema json.RawMessage) Question {
	return Question{method: "elicitation/create", params: struct {
		Message string          `json:"message"`
		Schema  json.RawMessage `json:"requestedSchema"`
	}{message, schema}}
}

// Form is [Elicit] with the schema of a flat struct, whose tags are those of a tool's input: its fields are strings,
// numbers, booleans, and lists of strings with an enum. It panics on a type that is no form, which the first test shows.
func Form[T any](message string) Question {
	schema, err := formOf(reflect.TypeFor[T]())
	if err != nil {
		panic(err)
	}
	return Elicit(message, schema)
}

// Sample asks the client's model. The request is the params of sampling/createMessage of MCP.
func Sample(request json.RawMessage) Question {
	return Question{method: "sampling/createMessage", params: request}
}

// Roots asks for the folders that the client works in.
func Roots() Question { return Question{method: "roots/list", params: struct{}{}} }

// Answer is the reply to a question: the JSON object of that method's result in MCP.
type Answer struct{ raw json.RawMessage }

// JSON returns the whole reply.
func (a Answer) JSON() json.RawMessage { return a.raw }

// Accepted reports whether a person filled the form in, and did not decline or close it.
func (a Answer) Accepted() bool {
	var result struct {
		Action string `json:"action"`
	}
	return json.Unmarshal(a.raw, &result) == nil && result.Action == "accept"
}

// Text returns what a model said to [Sample]; it is empty when that is no text.
func (a Answer) Text() string {
	type block struct {
		Text string `json:"text"`
	}
	var one struct {
		Content block `json:"content"`
	}
	if json.Unmarshal(a.raw, &one) == nil {
		return one.Content.Text
	}
	var several struct { // since 2025-11-25 a model may answer with a list
		Content []block `json:"content"`
	}
	_ = json.Unmarshal(a.raw, &several) // what is neither says nothing
	var texts []string
	for _, b := range several.Content {
		if b.Text != "" {
			texts = append(texts, b.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// Decode reads the form's values. What a person left out keeps what is there.
func (a Answer) Decode(into any) error {
	var result struct {
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(a.raw, &result); err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	if len(result.Content) == 0 {
		return errors.New("the answer has no values")
	}
	if err := json.Unmarshal(result.Content, into); err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	return nil
}

// Ask puts questions to the person or the model behind the client, all at once, and waits for the answers, which have the
// questions' keys. The time that a person takes counts as the call's. A client that cannot be asked is an error of
// [CodeFailedPrecondition]; see [Call.Client] to avoid it.
func (c *Call) Ask(ctx context.Context, questions map[string]Question) (map[string]Answer, error) {
	if len(questions) == 0 {
		return map[string]Answer{}, nil
	}
	asked := &pluginv1.Ask{}
	for _, key := range slices.Sorted(maps.Keys(questions)) {
		q, err := questions[key].wire(key)
		if err != nil {
			return nil, fmt.Errorf("writing the question %q: %w", key, err)
		}
		asked.Questions = append(asked.Questions, q)
	}
	reply, err := c.ask(ctx, func(id uint32) *pluginv1.CallEvent {
		asked.Id = id
		return &pluginv1.CallEvent{Event: &pluginv1.CallEvent_Ask{Ask: asked}}
	})
	if err != nil {
		c.withdraw(asked.GetId())
		return nil, err
	}
	if refused := reply.GetAskReply().GetError(); refused != nil {
		return nil, errorFromWire(refused)
	}
	answers := make(map[string]Answer, len(questions))
	for key := range questions {
		raw, answered := reply.GetAskReply().GetAnswers()[key]
		if !answered {
			return nil, fmt.Errorf("the host left the question %q without an answer", key)
		}
		answers[key] = Answer{raw: raw}
	}
	return answers, nil
}

// withdraw tells the host that nobody waits for the answers any more.
func (c *Call) withdraw(id uint32) {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Ask{Ask: &pluginv1.Ask{Id: id, Withdrawn: true}}})
}

func (q Question) wire(key string) (*pluginv1.Question, error) {
	if q.method == "" {
		return nil, errors.New("it was not made by Form, Elicit, Sample or Roots")
	}
	params, err := json.Marshal(q.params)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(params, []byte("{")) {
		return nil, fmt.Errorf("the params of %s must be a JSON object", q.method)
	}
	return &pluginv1.Question{Key: key, Method: q.method, Params: params}, nil
}

// Background says that what follows takes long: a client that can wait for a task gets one, and comes back for the result.
// Questions asked afterwards are the task's. Any other client waits as before.
func (c *Call) Background() {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Background{Background: &pluginv1.Background{}}})
}

// CloseStream ends the event stream of a client that can resume it, which then polls for the rest (SEP-1699).
func (c *Call) CloseStream() {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Background{Background: &pluginv1.Background{CloseStream: true}}})
}
