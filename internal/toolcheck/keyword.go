package toolcheck

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// types compares what JSON types a schema takes.
func (c comparison) types(old, now map[string]any, where string) {
	before, after := typesOf(old), typesOf(now)
	lost := without(before, after)
	gained := without(after, before)
	if len(lost)+len(gained) == 0 {
		return
	}
	broken := len(lost) > 0
	if c.side == output {
		broken = len(gained) > 0
	}
	c.judge(broken, "%s: its type was %s and is %s", c.say(where), typeText(old), typeText(now))
}

// typesOf spells the type out; an integer is also a number.
func typesOf(schema map[string]any) []string {
	all := []string{"array", "boolean", "integer", "null", "number", "object", "string"}
	given := texts([]any{schema["type"]})
	if list, isList := schema["type"].([]any); isList {
		given = texts(list)
	}
	if schema["type"] == nil {
		return all
	}
	if slices.Contains(given, "number") {
		given = append(given, "integer")
	}
	return given
}

func typeText(schema map[string]any) string {
	if schema["type"] == nil {
		return "anything"
	}
	return fmt.Sprint(schema["type"])
}

func without(all, those []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(those, s) })
}

// enum compares the values that are allowed by name; a const is an enum of one.
func (c comparison) enum(old, now map[string]any, where string) {
	before, wasBound := values(old)
	after, isBound := values(now)
	switch {
	case !wasBound && !isBound:
		return
	case wasBound && !isBound:
		c.judge(false, "%s may be any value, not only one of %s", c.say(where), valueText(before))
		return
	case !wasBound:
		c.judge(c.side == input, "%s must now be one of %s", c.say(where), valueText(after))
		return
	}
	if gone := missing(before, after); len(gone) > 0 {
		c.judge(c.side == input, "%s may no longer be %s", c.say(where), valueText(gone))
	}
	if fresh := missing(after, before); len(fresh) > 0 {
		c.judge(false, "%s may also be %s", c.say(where), valueText(fresh))
	}
}

func values(schema map[string]any) (all []any, bound bool) {
	if one, has := schema["const"]; has {
		return []any{one}, true
	}
	all, bound = schema["enum"].([]any)
	return all, bound
}

func missing(all, from []any) []any {
	return slices.DeleteFunc(slices.Clone(all), func(v any) bool {
		return slices.ContainsFunc(from, func(w any) bool { return reflect.DeepEqual(v, w) })
	})
}

// valueText names the first few values.
func valueText(all []any) string {
	var parts []string
	for n, v := range all {
		if n == 8 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%.60q", fmt.Sprint(v)))
	}
	return strings.Join(parts, ", ")
}

// limits are the keywords with a number, and whether it is the least or the most.
var limits = []struct {
	keyword string
	least   bool
}{
	{"minimum", true}, {"exclusiveMinimum", true}, {"minLength", true}, {"minItems", true}, {"minProperties", true},
	{"maximum", false}, {"exclusiveMaximum", false}, {"maxLength", false}, {"maxItems", false}, {"maxProperties", false},
}

func (c comparison) bounds(old, now map[string]any, where string) {
	for _, limit := range limits {
		before, had := old[limit.keyword].(float64)
		after, has := now[limit.keyword].(float64)
		if had == has && before == after {
			continue
		}
		narrower := has && (!had || limit.least == (after > before))
		c.judge(narrower && c.side == input, "%s: its %s was %s and is %s", c.say(where), limit.keyword, number(before, had), number(after, has))
	}
}

func number(n float64, given bool) string {
	if !given {
		return "not set"
	}
	return fmt.Sprint(n)
}

// exact compares the keywords whose value must stay for a call to mean the same.
func (c comparison) exact(old, now map[string]any, where string) {
	for _, keyword := range []string{"pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType"} {
		before, after := old[keyword], now[keyword]
		if before == false {
			before = nil
		}
		if after == false {
			after = nil
		}
		if !reflect.DeepEqual(before, after) {
			c.judge(after != nil && c.side == input, "%s: its %s was %v and is %v", c.say(where), keyword, orNone(before), orNone(after))
		}
	}
	before, had := old["default"]
	after, has := now["default"]
	if c.side == input && (had != has || !reflect.DeepEqual(before, after)) {
		c.judge(had, "%s: a call that leaves it out gets %v instead of %v", c.say(where), orNone(after), orNone(before))
	}
}

func orNone(value any) any {
	if value == nil {
		return "not set"
	}
	return value
}

// opaque reports other values of the keywords that are not looked into.
func (c comparison) opaque(old, now map[string]any, where string) {
	for _, keyword := range []string{
		"anyOf", "oneOf", "allOf", "not", "if", "then", "else", "prefixItems", "contains", "minContains", "maxContains", "patternProperties",
		"propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
	} {
		if !reflect.DeepEqual(old[keyword], now[keyword]) || old[keyword] != nil && !c.sameDefinitions && refers(old[keyword], 0) {
			c.breaking("%s: its %s changed, which is not judged", c.say(where), keyword)
		}
	}
}

// refers says whether there is a reference in a schema.
func refers(schema any, depth int) bool {
	if depth > maxDepth {
		return true
	}
	switch s := schema.(type) {
	case map[string]any:
		for key, value := range s {
			if strings.HasSuffix(key, "$ref") || strings.HasSuffix(key, "Ref") || refers(value, depth+1) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(s, func(value any) bool { return refers(value, depth+1) })
	}
	return false
}
