package sdk

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
)

// schemaOf reflects the JSON Schema 2020-12 of a struct: inline, closed, without ids. It is called only for types that
// checkType has accepted, because the reflector overflows the stack on a recursive type.
func schemaOf(t reflect.Type) (json.RawMessage, error) {
	return json.Marshal(reflectSchema(t))
}

// schema is what the reflector makes of a type.
type schema = jsonschema.Schema

// ownSchema is the reflector's hook of a type that writes its schema itself.
var ownSchema = reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }]()

func reflectSchema(t reflect.Type) *schema {
	reflector := jsonschema.Reflector{
		ExpandedStruct: true, DoNotReference: true, Anonymous: true,
		Mapper: func(t reflect.Type) *schema {
			if t == rawMessage || t.Kind() == reflect.Interface {
				// The reflector's own answer is the schema "true", on which several clients choke.
				return &schema{Comments: "any JSON value"}
			}
			return nil
		},
	}
	return reflector.ReflectFromType(t)
}

// fieldNames returns the names of a struct's fields in JSON.
func fieldNames(t reflect.Type) []string {
	var names []string
	for p := reflectSchema(t).Properties.Oldest(); p != nil; p = p.Next() {
		names = append(names, p.Key)
	}
	return names
}

// defaultsOf returns a JSON object of the defaults that the tags of a struct's fields name.
func defaultsOf(t reflect.Type) ([]byte, error) {
	values := map[string]any{}
	schema := reflectSchema(t)
	for p := schema.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Default != nil {
			values[p.Key] = p.Value.Default
		}
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("reading the defaults: %w", err)
	}
	return encoded, nil
}

// holdsArtifact says whether a result of the type can name a stored file. The type is finite: checkType has accepted it.
func holdsArtifact(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsArtifact(t.Elem())
	case reflect.Struct:
		switch t {
		case reflect.TypeFor[Artifact]():
			return true
		case timeType:
			return false
		}
		for field := range t.Fields() {
			if holdsArtifact(field.Type) {
				return true
			}
		}
	}
	return false
}
