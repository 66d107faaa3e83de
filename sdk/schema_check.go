package sdk

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

var (
	rawMessage    = reflect.TypeFor[json.RawMessage]()
	timeType      = reflect.TypeFor[time.Time]()
	durationType  = reflect.TypeFor[time.Duration]()
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// tagKeywords are the keywords that the reflector understands in a jsonschema tag; it drops all others in silence.
var tagKeywords = []string{
	"title", "description", "enum", "default", "example", "format", "pattern", "minLength", "maxLength", "minimum",
	"maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "readOnly",
	"writeOnly", "required",
}

// checkType refuses argument and result types whose reflected schema would be wrong, dangling or endless: what
// invopop/jsonschema does with them is silent or fatal, so they are named here, at registration.
func checkType(role string, t reflect.Type) error {
	if t == nil || t.Kind() != reflect.Struct || t == timeType {
		return fmt.Errorf("the %s type %v must be a struct", role, t)
	}
	err := checkStruct(role, t, nil)
	if err == nil && reflectSchema(t).Type != "object" {
		err = errors.New("its own JSONSchema is not that of an object")
	}
	if err != nil {
		return fmt.Errorf("the %s type %v: %w", role, t, err)
	}
	return nil
}

func checkStruct(role string, t reflect.Type, above []reflect.Type) error {
	if slices.Contains(above, t) {
		return fmt.Errorf("%v contains itself; a tool's types must be finite", t)
	}
	if t.Implements(ownSchema) {
		return nil // its author answers for it
	}
	above = append(slices.Clone(above), t)
	var problems []error
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if name == "" && !field.Anonymous {
			problems = append(problems, fmt.Errorf("field %s has no json name", field.Name))
		}
		if role == "input" && !field.Anonymous && field.Tag.Get("jsonschema_description") == "" {
			problems = append(problems, fmt.Errorf("field %s has no jsonschema_description; a model would have to guess", field.Name))
		}
		if err := checkTag(field); err != nil {
			problems = append(problems, fmt.Errorf("field %s: %w", field.Name, err))
		}
		if err := checkField(role, field.Type, above); err != nil {
			problems = append(problems, fmt.Errorf("field %s: %w", field.Name, err))
		}
	}
	return errors.Join(problems...)
}

func checkTag(field reflect.StructField) error {
	tag := field.Tag.Get("jsonschema")
	if tag == "" {
		return nil
	}
	for _, part := range strings.Split(strings.ReplaceAll(tag, `\,`, ";"), ",") {
		keyword, _, _ := strings.Cut(part, "=")
		if !slices.Contains(tagKeywords, keyword) {
			return fmt.Errorf(
				`%q in the jsonschema tag is not a keyword; a comma inside a value is written \\, and free text belongs into jsonschema_description`,
				part)
		}
	}
	return nil
}

func checkField(role string, t reflect.Type, above []reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Implements(ownSchema):
		return nil // which may be that of JSON it writes itself
	case t == timeType || t == rawMessage || t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return nil
	case t == durationType:
		return errors.New("a time.Duration becomes a bare number of nanoseconds; use seconds in an int")
	case t.Implements(marshaler) || t.Implements(textMarshaler):
		return fmt.Errorf("%v writes its own JSON, which the schema cannot see; use a plain type", t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkStruct(role, t, above)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return errors.New("bytes do not belong into JSON; hand a file over with Call.CreateFile")
		}
		return checkField(role, t.Elem(), above)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return fmt.Errorf("a map's key must be a string, not %v", t.Key())
		}
		return checkField(role, t.Elem(), above)
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Interface, reflect.Uintptr:
		return fmt.Errorf("%v has no JSON form", t)
	}
	return nil
}
