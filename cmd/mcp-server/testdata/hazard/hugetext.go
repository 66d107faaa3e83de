package main

import (
	"strings"

	"github.com/invopop/jsonschema"
)

// hugeText is a text whose description is too long.
type hugeText string

// JSONSchemaExtend makes the schema huge.
func (hugeText) JSONSchemaExtend(s *jsonschema.Schema) {
	s.Examples = []any{strings.Repeat("x", 100<<10)}
}
