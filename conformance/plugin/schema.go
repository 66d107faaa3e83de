package main

import (
	"context"
	"encoding/json"

	"github.com/invopop/jsonschema"

	"mcp-server/sdk"
)

type address struct {
	Street string `json:"street,omitempty" jsonschema_description:"Street and number."`
	City   string `json:"city,omitempty" jsonschema_description:"City."`
}

// person has a schema with the words of JSON Schema 2020-12 that a server must pass on (SEP-1613, SEP-2106).
type person struct {
	Name          string   `json:"name,omitempty" jsonschema_description:"Name."`
	Address       *address `json:"address,omitempty" jsonschema_description:"Address."`
	ContactMethod string   `json:"contactMethod,omitempty" jsonschema:"enum=phone,enum=email" jsonschema_description:"How to be reached."`
	Phone         string   `json:"phone,omitempty" jsonschema_description:"Needed when the method is phone."`
	Email         string   `json:"email,omitempty" jsonschema_description:"Needed in all other cases."`
}

// JSONSchemaExtend adds what no tag can say.
func (person) JSONSchemaExtend(s *jsonschema.Schema) {
	needs := func(name string) *jsonschema.Schema { return &jsonschema.Schema{Required: []string{name}} }
	definition, _ := s.Properties.Get("address")
	definition.Anchor = "addressDef"
	s.Definitions = jsonschema.Definitions{"address": definition}
	s.Properties.Set("address", &jsonschema.Schema{Ref: "#/$defs/address"})

	byPhone := jsonschema.NewProperties()
	byPhone.Set("contactMethod", &jsonschema.Schema{Const: "phone"})
	s.AllOf = []*jsonschema.Schema{{AnyOf: []*jsonschema.Schema{needs("phone"), needs("email")}}}
	s.If = &jsonschema.Schema{Properties: byPhone, Required: []string{"contactMethod"}}
	s.Then, s.Else = needs("phone"), needs("email")
}

type located struct {
	Region string `json:"region,omitempty" jsonschema_description:"Also sent as the header Mcp-Param-Region." jsonschema_extras:"x-mcp-header=Region"`
}

func schemaTools() []sdk.Tool {
	return []sdk.Tool{
		tool("json_schema_2020_12_tool", "JSON Schema", "Tool with JSON Schema 2020-12 features; the suite's json-schema-2020-12 looks at its definition.",
			func(_ context.Context, _ *sdk.Call, in person) (sdk.Contents, error) {
				encoded, err := json.Marshal(in)
				if err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("JSON Schema 2020-12 tool called with: " + string(encoded)))
			}),
		tool("test_custom_header", "Custom header", "Has an argument that clients repeat in a header (SEP-2243); the suite's http-custom-header-server-validation calls it.",
			func(_ context.Context, _ *sdk.Call, in located) (sdk.Contents, error) {
				return says(sdk.Text("region=" + in.Region))
			}),
	}
}
