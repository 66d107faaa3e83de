package sdk

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

// extended has what no tag can say.
type extended struct {
	Kind  string `json:"kind,omitempty" jsonschema_description:"What it is." jsonschema_extras:"x-mcp-header=Kind"`
	Phone string `json:"phone,omitempty" jsonschema_description:"A number."`
}

func (extended) JSONSchemaExtend(s *jsonschema.Schema) {
	s.If, s.Then = &jsonschema.Schema{Required: []string{"kind"}}, &jsonschema.Schema{Required: []string{"phone"}}
}

// celsius writes its own JSON, and says what that is.
type celsius float64

func (c celsius) MarshalJSON() ([]byte, error) {
	return json.Marshal(strconv.FormatFloat(float64(c), 'f', 1, 64))
}

func (c *celsius) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	*c = celsius(f)
	return err
}

func (celsius) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^-?[0-9]+\.[0-9]$`}
}

type weather struct {
	Degrees celsius `json:"degrees" jsonschema_description:"Degrees Celsius."`
}

// own writes the whole schema, without properties.
type own struct{ Any string }

func (own) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Comments: "own"}
}

// list says that it is no object.
type list struct{}

func (list) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "array"} }

func TestTypesWithTheirOwnSchema(t *testing.T) {
	t.Parallel()
	const version = `"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"`
	for name, tc := range map[string]struct {
		of   reflect.Type
		want string
	}{
		"extended": {reflect.TypeFor[extended](), `{` + version + `, "additionalProperties": false,
			"if": {"required": ["kind"]}, "then": {"required": ["phone"]}, "properties": {
			"kind": {"type": "string", "description": "What it is.", "x-mcp-header": "Kind"},
			"phone": {"type": "string", "description": "A number."}}}`},
		"field": {reflect.TypeFor[weather](), `{` + version + `, "additionalProperties": false, "required": ["degrees"],
			"properties": {"degrees": {"type": "string", "pattern": "^-?[0-9]+\\.[0-9]$", "description": "Degrees Celsius."}}}`},
		"whole": {reflect.TypeFor[own](), `{` + version + `, "$comment": "own"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := checkType("input", tc.of); err != nil {
				t.Fatal(err)
			}
			got, err := schemaOf(tc.of)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tree(t, tc.want), tree(t, string(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
	wantError(t, checkType("input", reflect.TypeFor[list]()), "not that of an object")
}

func TestTypesWithTheirOwnSchemaAreDecoded(t *testing.T) {
	t.Parallel()
	tool := NewTool(ToolSpec{}, func(_ context.Context, _ *Call, in weather) (weather, error) { return in, nil })
	got, err := tool.Invoke(t.Context(), nil, []byte(`{"degrees":"21.5"}`))
	if err != nil || string(got) != `{"degrees":"21.5"}` {
		t.Errorf("got %s, %v", got, err)
	}
	whole := NewTool(ToolSpec{}, func(_ context.Context, _ *Call, in own) (noResult, error) { return noResult{OK: in.Any == "a"}, nil })
	got, err = whole.Invoke(t.Context(), nil, []byte(`{"Any":"a"}`))
	if err != nil || string(got) != `{"ok":true}` {
		t.Errorf("got %s, %v", got, err)
	}
}
