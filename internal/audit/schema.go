package audit

import (
	"encoding/json"
	"strings"
	"sync"
)

// Redaction is what a tool's input schema says of secrets. The zero value knows none.
type Redaction struct {
	find func() marks // once
}

// marks are the properties that a schema marks as secret.
type marks struct {
	names map[string]bool // lower case, because decoders in Go take any case
	all   bool
}

// NewRedaction finds the properties that a JSON Schema marks as writeOnly or as of the format password, when they are first
// asked for. They count by name wherever they stand in the arguments: rather one too many than one too few. Make it once
// per tool. A schema that cannot be read hides all arguments.
func NewRedaction(schema json.RawMessage) Redaction {
	if len(schema) == 0 {
		return Redaction{}
	}
	return Redaction{sync.OnceValue(func() marks { return marksOf(schema) })}
}

func marksOf(schema json.RawMessage) marks {
	tree, err := decode(schema)
	if err != nil {
		return marks{all: true}
	}
	r := reader{root: tree, names: map[string]bool{}, refs: map[string]bool{}}
	if r.secret(tree, 0) {
		return marks{all: true}
	}
	return marks{names: r.names, all: r.failed}
}

func (r Redaction) marks() marks {
	if r.find == nil {
		return marks{}
	}
	return r.find()
}

func (m marks) has(name string) bool { return m.names[strings.ToLower(name)] }

// reader walks a schema.
type reader struct {
	root   any
	names  map[string]bool
	refs   map[string]bool
	steps  int
	failed bool
}

// maxSteps bounds the walk; a schema that needs more hides all arguments.
const maxSteps = 20_000

// secret notes the secret properties below a schema, and reports whether its own value is one.
func (r *reader) secret(schema any, depth int) bool {
	s, ok := schema.(map[string]any)
	if !ok {
		return false
	}
	if r.steps++; depth > maxDepth || r.steps > maxSteps {
		r.failed = true
		return false
	}
	secret := s["writeOnly"] == true || s["format"] == "password"
	if properties, ok := s["properties"].(map[string]any); ok {
		for name, property := range properties {
			if r.secret(property, depth+1) {
				r.names[strings.ToLower(name)] = true
			}
		}
	}
	// A list or a map of secrets is a secret, and so is what is one in some of its forms.
	for _, key := range []string{"items", "additionalProperties", "contains", "unevaluatedProperties", "unevaluatedItems", "if", "then", "else", "not"} {
		secret = r.secret(s[key], depth+1) || secret
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf", "prefixItems", "items"} {
		forms, _ := s[key].([]any)
		for _, form := range forms {
			secret = r.secret(form, depth+1) || secret
		}
	}
	for _, key := range []string{"patternProperties", "dependentSchemas"} {
		parts, _ := s[key].(map[string]any)
		for _, part := range parts {
			secret = r.secret(part, depth+1) || secret
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		secret = r.referred(ref, depth) || secret
	}
	return secret
}

// referred looks at each definition once; within itself, a recursive one adds nothing.
func (r *reader) referred(ref string, depth int) bool {
	if secret, seen := r.refs[ref]; seen {
		return secret
	}
	r.refs[ref] = false
	r.refs[ref] = r.secret(r.resolve(ref), depth+1)
	return r.refs[ref]
}

// resolve follows a reference within the schema; others are loaded from nowhere.
func (r *reader) resolve(ref string) any {
	path, found := strings.CutPrefix(ref, "#")
	if !found {
		return nil
	}
	at := r.root
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if step == "" {
			continue
		}
		object, _ := at.(map[string]any)
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	return at
}
