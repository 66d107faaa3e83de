package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mcp-server/sdk"
)

// tool is a tool that may be called.
type tool struct {
	sdk.ToolManifest
	input  *jsonschema.Schema
	output *jsonschema.Schema // nil for one that answers with content blocks
}

func newTool(m sdk.ToolManifest) (*tool, error) {
	input, err := compile(m.InputSchema)
	if err != nil {
		return nil, fmt.Errorf("the input schema of %.100q: %w", m.Name, err)
	}
	t := &tool{ToolManifest: m, input: input}
	if len(m.OutputSchema) > 0 {
		if t.output, err = compile(m.OutputSchema); err != nil {
			return nil, fmt.Errorf("the output schema of %.100q: %w", m.Name, err)
		}
	}
	return t, nil
}

func (t *tool) repeatable() bool { return t.Hints.ReadOnly || t.Hints.Idempotent }

// nowhere keeps a $ref from reading a file or a URL.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s outside itself", url)
}

// compile reads a JSON Schema 2020-12 of an object.
func compile(raw json.RawMessage) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	if object, ok := document.(map[string]any); !ok || object["type"] != "object" {
		return nil, errors.New(`its root must have "type": "object"`)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(nowhere{})
	const location = "urn:schema" // a relative one would be resolved against the working folder
	if err := c.AddResource(location, document); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	schema, err := c.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("compiling it: %w", err)
	}
	return schema, nil
}

// fits checks a text against a schema; without one it must be an object.
func fits(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	if _, isObject := value.(map[string]any); !isObject {
		return errors.New("it is no JSON object")
	}
	if schema == nil {
		return nil
	}
	err = schema.Validate(value)
	if err == nil {
		return nil
	}
	if _, where, found := strings.Cut(err.Error(), "\n- "); found {
		return errors.New(where) // without the schema's name, which is ours
	}
	return err
}
