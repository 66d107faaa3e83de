package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// PromptSpec is what people and clients read of a prompt.
type PromptSpec struct {
	// Name is in snake case, at most 60 characters.
	Name string
	// Title is the name that people see.
	Title string
	// Description says what the prompt is for: 40 to 400 characters that end with a full stop.
	Description string
	// Icons are pictures of it.
	Icons []Icon
	// Complete suggests values for arguments.
	Complete Completers
	// Unlisted keeps it out of prompts/list until a call lists it.
	Unlisted bool
}

// Icon is a picture that a client may show, as MCP's Icon.
type Icon struct {
	// Src is an https URL.
	Src      string   `json:"src"`
	MIMEType string   `json:"mimeType,omitempty"`
	Sizes    []string `json:"sizes,omitempty"`
}

// Prompt is a template of messages that a person chooses, made by [NewPrompt].
type Prompt struct {
	spec PromptSpec
	in   reflect.Type
	get  func(ctx context.Context, call *Call, arguments []byte) ([]byte, error)
}

// Messages are what a prompt comes to.
type Messages struct {
	Description string    `json:"description,omitempty"`
	Messages    []Message `json:"messages"`
}

// Message is one message of a prompt. The role is "user" or "assistant".
type Message struct {
	Role    string  `json:"role"`
	Content Content `json:"content"`
}

// User is a message of the user that holds a text.
func User(text string) Message { return Message{Role: "user", Content: Text(text)} }

// NewPrompt makes a prompt whose arguments are the fields of the struct In: strings only, as MCP has it; a field without
// omitempty is required, and jsonschema_description describes it.
func NewPrompt[In any](spec PromptSpec, handler Handler[In, Messages]) Prompt {
	return Prompt{spec: spec, in: reflect.TypeFor[In](), get: func(ctx context.Context, call *Call, arguments []byte) ([]byte, error) {
		var in In
		if err := decode(arguments, &in); err != nil {
			return nil, err
		}
		out, err := handler(ctx, call, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}}
}

func (p Prompt) validate() error {
	if p.get == nil {
		return errors.New("it was not made by NewPrompt")
	}
	if err := checkType("arguments", p.in); err != nil {
		return err
	}
	problems := []error{checkTexts(p.spec.Name, p.spec.Title, p.spec.Description)}
	for field := range p.in.Fields() {
		if field.Type.Kind() != reflect.String {
			problems = append(problems, fmt.Errorf("field %s: the arguments of a prompt are strings", field.Name))
		}
	}
	schema := reflectSchema(p.in)
	for name := range p.spec.Complete {
		if _, known := schema.Properties.Get(name); !known {
			problems = append(problems, fmt.Errorf("it completes %q, which is no argument", name))
		}
	}
	return errors.Join(problems...)
}

func (p Prompt) manifest() PromptManifest {
	schema := reflectSchema(p.in)
	required := map[string]bool{}
	for _, name := range schema.Required {
		required[name] = true
	}
	m := PromptManifest{
		Name: p.spec.Name, Title: p.spec.Title, Description: p.spec.Description, Icons: p.spec.Icons, Unlisted: p.spec.Unlisted,
	}
	for f := schema.Properties.Oldest(); f != nil; f = f.Next() {
		_, completes := p.spec.Complete[f.Key]
		m.Arguments = append(m.Arguments, PromptArgument{
			Name: f.Key, Description: f.Value.Description, Required: required[f.Key], Completes: completes,
		})
	}
	return m
}

// checkTexts checks what people read of a tool or a prompt.
func checkTexts(name, title, description string) error {
	var problems []error
	if !toolName.MatchString(name) {
		problems = append(problems, errors.New("the name must be snake case of at most 60 characters"))
	}
	if title == "" {
		problems = append(problems, errors.New("the title is empty"))
	}
	if n := len([]rune(description)); n < 40 || n > 400 || !strings.HasSuffix(description, ".") {
		problems = append(problems, fmt.Errorf("the description has %d characters; want 40 to 400 that end with a full stop", n))
	}
	return errors.Join(problems...)
}
