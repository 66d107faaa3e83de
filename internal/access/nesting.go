package access

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

const (
	deepest  = 16  // lists and mappings within brackets; an access file needs two
	farthest = 200 // column of a list or a mapping outside of brackets, each of which needs one column at least
)

// checkNesting refuses a file that is nested beyond all need, before the parser, which calls itself for each level: no
// program survives an overflow of its stack.
func checkNesting(tokens token.Tokens) error {
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(0, depth-1)
		case token.AnchorType, token.AliasType, token.TagType, token.DirectiveType:
			return at(t, "anchors, aliases, tags and directives have no meaning in an access file; write the value out")
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if depth == 0 && t.Position != nil && t.Position.Column > farthest {
				return at(t, fmt.Sprintf("this is indented more than %d columns", farthest))
			}
		default:
		}
		if depth > deepest {
			return at(t, fmt.Sprintf("more than %d brackets are open here", deepest))
		}
	}
	return nil
}
