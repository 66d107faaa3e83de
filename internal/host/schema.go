package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxSchemaBytes bounds one schema of a plugin; the largest of ours has 3 KB.
const maxSchemaBytes = 64 << 10

// schema is one input or output schema, compiled once.
type schema struct {
	raw      json.RawMessage
	once     sync.Once
	compiled *jsonschema.Schema
	document map[string]any // the same, as a tree to look into for coercion and messages
	err      error
	clock    clock
}

// refuseToLoad keeps a plugin's $ref from reading a file or a URL.
type refuseToLoad struct{}

func (refuseToLoad) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %s outside itself", url)
}

// compile checks that raw is a JSON Schema 2020-12 of an object that refers to nothing outside itself, and compiles it.
func compile(raw json.RawMessage) (*schema, error) {
	s := compileLater(raw)
	if err := s.ready(); err != nil {
		return nil, err
	}
	return s, nil
}

// compileLater is for a schema that [compile] has accepted before: compiling takes most of a millisecond, and most schemas are never
// used. It is compiled on first use, when a mistake in it is the error.
func compileLater(raw json.RawMessage) *schema { return &schema{raw: raw} }

// ready compiles the schema unless it is, and says what is wrong with it.
func (s *schema) ready() error {
	s.once.Do(func() {
		if s.document, s.err = readSchema(s.raw); s.err == nil {
			s.compiled, s.err = compileDocument(s.document, &s.clock)
		}
	})
	return s.err
}

// validate says what is wrong with a value, as a [*jsonschema.ValidationError], or with the schema.
func (s *schema) validate(tree any) error {
	if err := s.ready(); err != nil {
		return fmt.Errorf("compiling the schema: %w", err)
	}
	return s.clock.bounded(func() error { return s.compiled.Validate(tree) })
}

func readSchema(raw json.RawMessage) (map[string]any, error) {
	if len(raw) > maxSchemaBytes {
		return nil, fmt.Errorf("it has %d bytes; at most %d are accepted", len(raw), maxSchemaBytes)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	document, isObject := tree.(map[string]any)
	if !isObject {
		return nil, errors.New("it is not a JSON object")
	}
	if document["type"] != "object" {
		return nil, errors.New(`its root must have "type": "object"`)
	}
	return document, nil
}

func compileDocument(document map[string]any, c *clock) (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.UseLoader(refuseToLoad{})
	compiler.RegisterVocabulary(c.vocabulary())
	compiler.AssertVocabs()
	const location = "urn:schema" // a relative one would be resolved against the working folder
	if err := compiler.AddResource(location, document); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	compiled, err := compiler.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("compiling it: %w", err)
	}
	return compiled, nil
}
