package toolcheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// side says which of a tool's two schemas it is.
type side int

const (
	input  side = iota // what clients hand to models, which are strict with it
	output             // what clients check results against, if at all
)

func (s side) String() string { return [...]string{"input", "output"}[s] }

// severity is an error in an input. Models never see an output, so there it only makes a result harder to use.
func (s side) severity() Severity {
	if s == input {
		return Error
	}
	return Warning
}

// maxDepth is how many levels of a schema are looked at; a client of ours that is known to count accepts ten.
const maxDepth = 32

// propertyName is what the strictest model API takes for the name of an argument.
var propertyName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`) })

// schemaMaps and schemaLists are the keywords that hold schemas by name and in a row; the others of schemaKeywords hold one.
var (
	schemaMaps     = []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
	schemaLists    = []string{"anyOf", "oneOf", "allOf", "prefixItems"}
	schemaKeywords = []string{"items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "not",
		"if", "then", "else", "propertyNames", "contentSchema"}
)

// schema judges one schema of a tool.
func (l *linter) schema(s side, raw json.RawMessage) {
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil || root == nil {
		l.report(Error, RuleSchema, "the %s schema is not a JSON object", s)
		return
	}
	if root["type"] != "object" {
		l.report(Error, RuleSchema, `the root of the %s schema must have "type": "object"`, s)
	}
	for _, keyword := range []string{"anyOf", "oneOf", "allOf"} {
		if _, has := root[keyword]; has {
			l.report(s.severity(), RuleCombination, "the %s schema has %s at the top; describe what goes together in the texts, and refuse the rest in the tool", s, keyword)
		}
	}
	l.node(root, place{side: s, way: s.String()})
}

// place is where a schema stands in a tool's.
type place struct {
	side      side
	way       string // such as "input.filter.items"
	depth     int
	condition bool // inside of an if or a not, where properties are mentioned, not defined
}

// below is the place of a schema in the one at p.
func (p place) below(step string) place {
	return place{side: p.side, way: p.way + step, depth: p.depth + 1, condition: p.condition}
}

func (p place) String() string { return clip(p.way) }

// node judges a schema and those in it.
func (l *linter) node(schema map[string]any, at place) {
	if at.depth > maxDepth {
		l.report(Error, RuleSchema, "%s lies deeper than %d levels", at, maxDepth)
		return
	}
	l.reference(schema, at)
	if _, isList := schema["type"].([]any); isList {
		l.report(at.side.severity(), RuleTypeArray, "%s has a list of types; give one, and leave the property out instead of null", at)
	}
	if schema["type"] == "object" {
		l.closed(schema, at)
	}
	for _, keyword := range schemaMaps {
		inner, _ := schema[keyword].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(inner)) {
			if keyword == "properties" && !at.condition {
				l.property(key, inner[key], at)
			}
			l.inner(inner[key], at.below("."+key))
		}
	}
	for _, keyword := range schemaLists {
		inner, _ := schema[keyword].([]any)
		for n, one := range inner {
			l.inner(one, at.below(fmt.Sprintf(".%s[%d]", keyword, n)))
		}
	}
	for _, keyword := range schemaKeywords {
		next := at.below("." + keyword)
		next.condition = at.condition || slices.Contains([]string{"if", "then", "else", "not"}, keyword)
		l.inner(schema[keyword], next)
	}
}

func (l *linter) inner(schema any, at place) {
	if inner, isObject := schema.(map[string]any); isObject && len(l.found) < maxFindings {
		l.node(inner, at)
	}
}

func (l *linter) reference(schema map[string]any, at place) {
	for _, keyword := range []string{"$ref", "$dynamicRef", "$recursiveRef"} {
		if to, has := schema[keyword]; has {
			if text, isText := to.(string); !isText || !strings.HasPrefix(text, "#") {
				l.report(Error, RuleReference, "%s refers to %.80q, outside the schema; nobody loads that", at, fmt.Sprint(to))
			}
		}
	}
}

// closed wants an object to refuse what it does not know. A map, which names the type of its values, is one that strict
// function calling refuses, and fine in a result.
func (l *linter) closed(schema map[string]any, at place) {
	rest, has := schema["additionalProperties"]
	values, _ := rest.(map[string]any)
	isMap := len(values) > 0 // {} is the same as true
	switch {
	case rest == false || schema["unevaluatedProperties"] == false:
	case !has || !isMap:
		l.report(at.side.severity(), RuleClosed, `%s takes unknown properties; give it "additionalProperties": false`, at)
	case at.side == input:
		l.report(Warning, RuleClosed, "%s is a map with any keys, which strict function calling refuses; a list of objects is understood everywhere", at)
	}
}

// property judges one property of an object. Bytes of a list are dear, so only the top of a result must be described.
func (l *linter) property(key string, schema any, at place) {
	if at.side == input && !propertyName().MatchString(key) {
		l.report(Error, RuleProperty, "the argument %.80q of %s must have 1 to 64 letters, digits, _ . or -", key, at)
	}
	object, isObject := schema.(map[string]any)
	if !isObject {
		l.report(at.side.severity(), RuleBoolean, "%s is not a schema object; several clients choke on true and false", at.below("."+key))
		return
	}
	text, _ := object["description"].(string)
	wanted := at.side == input || at.depth == 0 // what lies deeper in a result is read by who knows what it lies in
	if _, refers := object["$ref"]; wanted && strings.TrimSpace(text) == "" && !refers {
		l.report(Warning, RuleProperty, "%s has no description", at.below("."+key))
	}
}

// clip keeps the end of a long way, which says most.
func clip(where string) string {
	const most = 120
	if len(where) <= most {
		return where
	}
	return "…" + strings.ToValidUTF8(where[len(where)-most:], "")
}
