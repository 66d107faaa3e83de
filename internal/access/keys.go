package access

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// keys are the known keys of a mapping, each with those of the mapping below it; "*" stands for any key.
type keys map[string]keys

// fileKeys are the keys of an access file. The structs of file.go hold their values.
func fileKeys() keys {
	rights := keys{"profile": nil, "read_only": nil, "allow": nil, "deny": nil, "rate": nil, "concurrency": nil, "metrics": nil}
	caller := keys{"name": nil, "token_sha256": nil, "token_file": nil, "expires": nil}
	maps.Copy(caller, rights)
	rule := keys{"when": {"*": nil}, "default": nil}
	maps.Copy(rule, rights)
	return keys{
		"callers":  caller,
		"profiles": {"*": {"env_file": nil, "environment": {"*": nil}}},
		"oauth": {
			"resource": nil, "issuer": nil, "jwks_url": nil, "audience": nil, "algorithms": nil, "required_scopes": nil,
			"name_claim": nil, "leeway": nil, "rules": rule,
		},
	}
}

// check walks the whole document and reports the first key that is not known, one without a value, and a token that stands
// in it.
func (k keys) check(node ast.Node) error {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			if err := k.checkPair(pair); err != nil {
				return err
			}
		}
	case *ast.MappingValueNode:
		return k.checkPair(n)
	case *ast.SequenceNode:
		for i, value := range n.Values {
			n.Values[i] = asWritten(value)
			if err := k.check(n.Values[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k keys) checkPair(pair *ast.MappingValueNode) error {
	key, ok := pair.Key.(ast.ScalarNode)
	if !ok {
		return at(pair.Key.GetToken(), "a key must be a plain word")
	}
	if text, ok := asWritten(key).(*ast.StringNode); ok {
		pair.Key, key = text, text
	}
	name := fmt.Sprint(key.GetValue())
	below, known := k[name]
	if !known {
		below, known = k["*"]
	}
	_, inCaller := k["token_sha256"]
	switch {
	case !known && inCaller && name == "token":
		return at(key.GetToken(), "a token itself must not stand in this file; put what `mcp-server token hash` prints for it under token_sha256")
	case !known && len(k) == 0:
		return at(key.GetToken(), fmt.Sprintf("%q stands where a plain value is expected", name))
	case !known:
		return at(key.GetToken(), fmt.Sprintf("the key %q is not known; did you mean %q? Known here are %s", name, k.nearest(name), k.list()))
	}
	if err := checkValue(name, pair.Value); err != nil {
		return err
	}
	if name != "rate" && name != "concurrency" {
		pair.Value = asWritten(pair.Value)
	}
	return below.check(pair.Value)
}

// checkValue refuses what somebody may take for "nothing" where it would mean "everything", or the other way round.
func checkValue(key string, value ast.Node) error {
	switch v := value.(type) {
	case *ast.NullNode:
		return at(v.GetToken(), fmt.Sprintf("%s has no value; give it one, or leave the key out", key))
	case *ast.SequenceNode:
		if key == "allow" && len(v.Values) == 0 {
			return at(v.GetToken(), "an empty allow does not say whether nothing or everything is allowed; "+
				"leave the key out to allow all tools, and write deny: [\"*\"] to allow none")
		}
	}
	return nil
}

// asWritten keeps a text that YAML reads as a number as it stands: 007 and 1e3 are names, too.
func asWritten(node ast.Node) ast.Node {
	switch node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return ast.String(node.GetToken())
	}
	return node
}

func (k keys) list() string {
	var text string
	for i, name := range slices.Sorted(maps.Keys(k)) {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

func (k keys) nearest(name string) string {
	return slices.MinFunc(slices.Sorted(maps.Keys(k)), func(a, b string) int { return distance(a, name) - distance(b, name) })
}

// distance is Levenshtein's, of words that are short: a long one is cut.
func distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := left
			if a[i] != b[j] {
				change++
			}
			left = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// at puts the place before a message, as LINE:COLUMN.
func at(t *token.Token, message string) error {
	if t == nil || t.Position == nil {
		return fmt.Errorf("1:1: %s", message)
	}
	return fmt.Errorf("%d:%d: %s", t.Position.Line, t.Position.Column, message)
}
