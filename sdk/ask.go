package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

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

// Form is [Elicit] with the schema of a flat struct, whose tags are those of a tool's input. It panics on a type that has
// no schema, which the first test shows.
func Form[T any](message string) Question {
	t := reflect.TypeFor[T]()
	if err := checkType("form", t); err != nil {
		panic(err)
	}
	schema := reflectSchema(t)
	schema.Version, schema.AdditionalProperties = "", nil // neither is part of MCP's form
	encoded, err := json.Marshal(schema)
	if err != nil {
		panic(err)
	}
	return Elicit(message, encoded)
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

// Decode reads the form's values.
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
	asked := &pluginv1.Ask{}
	for key, q := range questions {
		params, err := json.Marshal(q.params)
		if err != nil {
			return nil, fmt.Errorf("writing the question %q: %w", key, err)
		}
		asked.Questions = append(asked.Questions, &pluginv1.Question{Key: key, Method: q.method, Params: params})
	}
	reply, err := c.ask(ctx, func(id uint32) *pluginv1.CallEvent {
		asked.Id = id
		return &pluginv1.CallEvent{Event: &pluginv1.CallEvent_Ask{Ask: asked}}
	})
	if err != nil {
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

// Background says that what follows takes long: a client that can wait for a task gets one, and comes back for the result.
// Questions asked afterwards are the task's. Any other client waits as before.
func (c *Call) Background() {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Background{Background: &pluginv1.Background{}}})
}

// CloseStream ends the event stream of a client that can resume it, which then polls for the rest (SEP-1699).
func (c *Call) CloseStream() {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Background{Background: &pluginv1.Background{CloseStream: true}}})
}
