package sdk

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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

// Message is one message of a prompt. The role is "user" or "assistant"; [User] and [Assistant] make one of a text.
type Message struct {
	Role    string  `json:"role"`
	Content Content `json:"content"`
}

// User is a message of the user that holds a text.
func User(text string) Message { return Message{Role: "user", Content: Text(text)} }

// Assistant is a message of the assistant that holds a text.
func Assistant(text string) Message { return Message{Role: "assistant", Content: Text(text)} }

// NewPrompt makes a prompt whose arguments are the fields of the struct In: strings only, as MCP has it; a field without
// omitempty is required, and jsonschema_description describes it. MCP knows no schema of them, so the handler checks them.
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
		for n, m := range out.Messages {
			if m.Role != "user" && m.Role != "assistant" {
				return nil, fmt.Errorf("message %d of the prompt has the role %q; want user or assistant", n+1, m.Role)
			}
		}
		return encode(out)
	}}
}

func (p Prompt) validate() error {
	if p.get == nil {
		return errors.New("it was not made by NewPrompt")
	}
	problems := []error{checkTexts(p.spec.Name, p.spec.Title, p.spec.Description), checkIcons(p.spec.Icons)}
	if err := checkType("input", p.in); err != nil {
		return errors.Join(append(problems, err)...)
	}
	for f := reflectSchema(p.in).Properties.Oldest(); f != nil; f = f.Next() {
		switch plain := (schema{Type: "string", Title: f.Value.Title, Description: f.Value.Description}); {
		case f.Value.Type != "string":
			problems = append(problems, fmt.Errorf("argument %q: the arguments of a prompt are strings", f.Key))
		case !reflect.DeepEqual(*f.Value, plain):
			problems = append(problems, fmt.Errorf("argument %q: the arguments of a prompt have no schema; check it in the handler", f.Key))
		}
	}
	problems = append(problems, checkCompleters(p.spec.Complete, fieldNames(p.in)))
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
