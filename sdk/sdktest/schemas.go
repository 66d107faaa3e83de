package sdktest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mcp-server/sdk"
)

// schemas are one tool's, compiled, whether its calls get a folder for files, and whether they need a task.
type schemas struct {
	input        *jsonschema.Schema
	output       *jsonschema.Schema // nil for content blocks
	storesFiles  bool
	taskRequired bool
}

func compileAll(t testing.TB, m sdk.Manifest) map[string]schemas {
	t.Helper()
	all := map[string]schemas{}
	for _, tool := range m.Tools {
		one := schemas{input: mustCompile(t, tool.InputSchema), storesFiles: tool.StoresFiles, taskRequired: tool.TaskRequired}
		if len(tool.OutputSchema) > 0 {
			one.output = mustCompile(t, tool.OutputSchema)
		}
		all[tool.Name] = one
	}
	return all
}

func mustCompile(t testing.TB, schema []byte) *jsonschema.Schema {
	t.Helper()
	compiled, err := compile(schema)
	if err != nil {
		t.Fatalf("compiling a schema: %v", err)
	}
	return compiled
}

func compile(schema []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	const location = "urn:schema" // a relative one would show the working folder
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(location, document); err != nil {
		return nil, err
	}
	return compiler.Compile(location)
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
