package access

import (
	"fmt"
	"strings"
)

// Rule picks tools. It is written in one of two ways:
//
//	drs_list_jobs, drs_*, *_list_*     a tool's name, in which * stands for any run of characters
//	hint:read_only, hint:!destructive  a hint of the tool's annotations that is set, or not set after !
//
// The hints are read_only, destructive, idempotent and open_world. The zero rule picks nothing.
type Rule struct {
	glob string
	hint string
	not  bool
}

const hintPrefix = "hint:"

// ParseRule reads a rule.
func ParseRule(text string) (Rule, error) {
	if hint, ok := strings.CutPrefix(text, hintPrefix); ok {
		hint, not := strings.CutPrefix(hint, "!")
		switch hint {
		case "read_only", "destructive", "idempotent", "open_world":
			return Rule{hint: hint, not: not}, nil
		}
		return Rule{}, fmt.Errorf("the rule %q names no hint; use hint:read_only, hint:destructive, hint:idempotent or hint:open_world, "+
			"with ! after the colon for tools without it", text)
	}
	if text == "" || strings.ContainsFunc(text, notInName) {
		return Rule{}, fmt.Errorf("the rule %q is no tool name; write a name such as drs_list_jobs, a pattern such as drs_*, "+
			"or a hint such as hint:read_only", text)
	}
	return Rule{glob: text}, nil
}

// ParseRules reads rules, and stops at the first that is wrong.
func ParseRules(texts []string) ([]Rule, error) {
	var rules []Rule
	for _, text := range texts {
		r, err := ParseRule(text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// notInName says that a character is neither one of a tool's name nor the *.
func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.*", r)
}

// Matches reports whether the rule picks the tool.
func (r Rule) Matches(t Tool) bool {
	switch r.hint {
	case "read_only":
		return t.ReadOnly != r.not
	case "destructive":
		return t.Destructive != r.not
	case "idempotent":
		return t.Idempotent != r.not
	case "open_world":
		return t.OpenWorld != r.not
	}
	return r.glob != "" && matches(r.glob, t.Name)
}

// String returns the rule as it is written.
func (r Rule) String() string {
	switch {
	case r.hint == "":
		return r.glob
	case r.not:
		return hintPrefix + "!" + r.hint
	}
	return hintPrefix + r.hint
}

// matches compares the parts between the stars, each as early as possible.
func matches(glob, name string) bool {
	first, rest, starred := strings.Cut(glob, "*")
	name, ok := strings.CutPrefix(name, first)
	if !ok || !starred {
		return ok && name == ""
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, last)
}
