package host

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// mend returns the value with the type that its schema asks for where the meaning is plain: "42" for 42, "true" for
// true, 42 for "42", one value for a list of one, JSON inside a string for the JSON, and null for an absent argument.
// Models and shells send these all the time. This is the only place where a value changes on its way to a plugin.
func mend(schema map[string]any, value any) (mended any, changed bool) {
	value, changed = mendType(schema, value)
	switch v := value.(type) {
	case map[string]any:
		return mendObject(schema, v, changed)
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, item := range v {
			m, c := mend(items, item)
			v[i] = m
			changed = changed || c
		}
	}
	return value, changed
}

func mendObject(schema, object map[string]any, changed bool) (any, bool) {
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range object {
		property, known := properties[name].(map[string]any)
		if !known {
			continue
		}
		if want, single := property["type"].(string); value == nil && single && want != "null" {
			delete(object, name)
			changed = true
			continue
		}
		m, c := mend(property, value)
		object[name] = m
		changed = changed || c
	}
	return object, changed
}

func mendType(schema map[string]any, value any) (any, bool) {
	want, _ := schema["type"].(string)
	switch v := value.(type) {
	case string:
		return mendString(want, v)
	case json.Number:
		return mendNumber(want, v)
	case bool:
		if want == "string" {
			return map[bool]string{true: "true", false: "false"}[v], true
		}
	}
	if _, isList := value.([]any); want == "array" && !isList && value != nil {
		return []any{value}, true
	}
	return value, false
}

func mendString(want, value string) (any, bool) {
	trimmed := strings.TrimSpace(value)
	switch want {
	case "integer", "number", "boolean", "object":
		tree, err := parse([]byte(trimmed))
		if err == nil && hasType(tree, want) {
			if number, isNumber := tree.(json.Number); isNumber {
				tree, _ = mendNumber(want, number)
			}
			return tree, true
		}
	case "array":
		if tree, err := parse([]byte(trimmed)); err == nil && hasType(tree, want) {
			return tree, true
		}
		return []any{value}, true
	}
	return value, false
}

// mendNumber turns 42.0 into 42 where an integer is wanted, because the schema accepts it and Go's decoder does not.
func mendNumber(want string, value json.Number) (any, bool) {
	switch want {
	case "string":
		return value.String(), true
	case "integer":
		f, err := value.Float64()
		if _, exact := value.Int64(); exact != nil && err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return json.Number(strconv.FormatInt(int64(f), 10)), true
		}
	case "array":
		return []any{value}, true
	}
	return value, false
}

func hasType(tree any, want string) bool {
	is := jsonType(tree)
	return is == want || is == "number" && want == "integer"
}

func jsonType(tree any) string {
	switch tree.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
