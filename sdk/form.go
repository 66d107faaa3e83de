package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// formFormats are the formats that a form's text may have (StringSchema of MCP).
var formFormats = []string{"", "email", "uri", "date", "date-time"}

// formOf reflects the schema of a form: a flat object, without what MCP's form does not know.
func formOf(t reflect.Type) (json.RawMessage, error) {
	if err := checkType("form", t); err != nil {
		return nil, err
	}
	schema := reflectSchema(t)
	schema.Version, schema.AdditionalProperties = "", nil
	var problems []error
	for p := schema.Properties.Oldest(); p != nil; p = p.Next() {
		if problem := checkFormField(p.Value); problem != "" {
			problems = append(problems, fmt.Errorf("the form type %v: %s %s", t, p.Key, problem))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return json.Marshal(schema)
}

// checkFormField says what a form cannot hold (PrimitiveSchemaDefinition of MCP); empty when it can.
func checkFormField(s *schema) string {
	switch s.Type {
	case "string":
		if s.Pattern != "" || !slices.Contains(formFormats, s.Format) {
			return "has a pattern, or a format other than email, uri, date and date-time, which a form does not know"
		}
	case "array":
		if s.Items == nil || s.Items.Type != "string" || len(s.Items.Enum) == 0 && len(s.Items.AnyOf) == 0 {
			return "is a list; a form has lists of strings with an enum only"
		}
	case "integer", "number", "boolean":
	default:
		return "is no string, number, boolean or choice; a form is flat"
	}
	return ""
}
