package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// ToolSpec is what a model reads of a tool, apart from the schemas.
type ToolSpec struct {
	// Name is <service>_<operation> in snake case, at most 60 characters.
	Name string
	// Title is the name that people see.
	Title string
	// Description says what the tool does and when to use it: 40 to 400 characters that end with a full stop.
	Description string
	// Aliases are names that the tool had before; calls of them are still answered, and no list shows them.
	Aliases []string
	// Hints are the four tool annotations of MCP.
	Hints Hints
	// Timeout is the longest a call may take; zero leaves it to the host (5 minutes).
	Timeout time.Duration
	// TaskRequired says that only a client which can wait for a task may call it: it runs for too long otherwise. A tool
	// that takes long now and then calls [Call.Background] instead.
	TaskRequired bool
	// Unlisted keeps the tool out of tools/list until a call lists it with [Call.ListTool].
	Unlisted bool
	// Icons are pictures of it.
	Icons []Icon
	// Complete suggests values for arguments, for prompts of this plugin and for command lines.
	Complete Completers
}

// Hints are the tool annotations of MCP's ToolAnnotations. All four are always sent, so the zero value says: writes, does
// no damage, is not idempotent, stays inside a closed world.
type Hints struct {
	ReadOnly    bool `json:"read_only"`
	Destructive bool `json:"destructive"`
	Idempotent  bool `json:"idempotent"`
	OpenWorld   bool `json:"open_world"`
}

// Tool is one tool of a plugin, made by [NewTool].
type Tool struct {
	spec   ToolSpec
	in     reflect.Type
	out    reflect.Type
	invoke func(ctx context.Context, call *Call, arguments []byte) ([]byte, error)
}

// Handler runs a tool. The context carries the call's deadline and cancellation and belongs in every request made.
type Handler[In, Out any] func(ctx context.Context, call *Call, in In) (Out, error)

// NewTool makes a tool whose input and output schemas are those of the structs In and Out: json tags name the fields,
// a field without omitempty is required, and jsonschema and jsonschema_description tags describe it. A default in the tag
// of a field of In itself is what the field holds when the argument is absent.
func NewTool[In, Out any](spec ToolSpec, handler Handler[In, Out]) Tool {
	in, out := reflect.TypeFor[In](), reflect.TypeFor[Out]()
	defaults := sync.OnceValues(func() ([]byte, error) { return defaultsOf(in) })
	return Tool{spec: spec, in: in, out: out, invoke: func(ctx context.Context, call *Call, arguments []byte) ([]byte, error) {
		values, err := defaults()
		if err != nil {
			return nil, err
		}
		var args In
		if err := json.Unmarshal(values, &args); err != nil {
			return nil, fmt.Errorf("reading the defaults: %w", err)
		}
		if err := decode(arguments, &args); err != nil {
			return nil, err
		}
		result, err := handler(ctx, call, args)
		if err != nil {
			return nil, err
		}
		return encode(result)
	}}
}

// Invoke runs the tool in this process, for a program that offers tools of its own beside those of plugins. The arguments
// must be valid against the input schema; the call may be nil when the handler makes no use of it.
func (t Tool) Invoke(ctx context.Context, call *Call, arguments []byte) (result []byte, err error) {
	return t.invoke(ctx, call, arguments)
}

// decode reads one JSON object strictly. The host has validated it, so a failure means a host of another kind.
func decode(arguments []byte, into any) error {
	if len(bytes.TrimSpace(arguments)) == 0 {
		arguments = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(arguments))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the JSON object")
		}
	}
	if number, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && strings.HasPrefix(number.Value, "number") {
		return InvalidArgument(number.Field, "is the %s, which is out of range", number.Value)
	}
	if err != nil {
		return &Error{
			Code: CodeInvalidArgument, Source: SourceArgument, Cause: err,
			Message: "the arguments do not fit the tool: " + strings.TrimPrefix(err.Error(), "json: "),
		}
	}
	return nil
}

var toolName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`) })

func (t Tool) validate() error {
	if t.invoke == nil {
		return errors.New("it was not made by NewTool")
	}
	problems := []error{checkTexts(t.spec.Name, t.spec.Title, t.spec.Description), checkIcons(t.spec.Icons)}
	for _, alias := range t.spec.Aliases {
		if !toolName().MatchString(alias) {
			problems = append(problems, fmt.Errorf("the alias %q must be snake case of at most 60 characters", alias))
		}
	}
	if err := checkType("input", t.in); err != nil {
		problems = append(problems, err)
	} else {
		problems = append(problems, checkCompleters(t.spec.Complete, fieldNames(t.in)))
	}
	if t.out != contentsType {
		problems = append(problems, checkType("output", t.out))
	}
	return errors.Join(problems...)
}

func (t Tool) manifest() (ToolManifest, error) {
	in, err := schemaOf(t.in)
	if err != nil {
		return ToolManifest{}, fmt.Errorf("reflecting the input: %w", err)
	}
	m := ToolManifest{
		Name: t.spec.Name, Title: t.spec.Title, Description: t.spec.Description, Aliases: t.spec.Aliases, Hints: t.spec.Hints,
		InputSchema: in, TimeoutSeconds: int(t.spec.Timeout / time.Second),
		TaskRequired: t.spec.TaskRequired, Unlisted: t.spec.Unlisted, Icons: t.spec.Icons,
		Completes: slices.Sorted(maps.Keys(t.spec.Complete)),
	}
	if t.out == contentsType {
		return m, nil
	}
	if m.OutputSchema, err = schemaOf(t.out); err != nil {
		return ToolManifest{}, fmt.Errorf("reflecting the output: %w", err)
	}
	m.StoresFiles = holdsArtifact(t.out)
	return m, nil
}
