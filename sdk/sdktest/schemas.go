package sdktest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mcp-server/sdk"
)

// schemas are one tool's, compiled, and whether its calls get a folder for files.
type schemas struct {
	input, output *jsonschema.Schema
	storesFiles   bool
}

func compileAll(t testing.TB, m sdk.Manifest) map[string]schemas {
	t.Helper()
	all := map[string]schemas{}
	for _, tool := range m.Tools {
		all[tool.Name] = schemas{input: compile(t, tool.InputSchema), output: compile(t, tool.OutputSchema), storesFiles: tool.StoresFiles}
	}
	return all
}

func compile(t testing.TB, schema []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatalf("reading a schema: %v", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("tool.json", document); err != nil {
		t.Fatalf("reading a schema: %v", err)
	}
	compiled, err := compiler.Compile("tool.json")
	if err != nil {
		t.Fatalf("compiling a schema: %v", err)
	}
	return compiled
}

// refusal is what a host answers to arguments that the input schema refuses; nil when it takes them.
func (s schemas) refusal(arguments []byte) *sdk.Error {
	if s.input == nil {
		return nil // a tool that does not exist, which the plugin answers
	}
	if err := validate(s.input, arguments); err != nil {
		return &sdk.Error{
			Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument, Message: fmt.Sprintf("the input schema refuses it: %v", err),
		}
	}
	return nil
}

func validate(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
