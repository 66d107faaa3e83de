package access

import "slices"

// Tool is what a policy looks at.
type Tool struct {
	Name, Plugin string
	// The hints of MCP's tool annotations. A tool that says nothing counts as one that writes.
	ReadOnly, Destructive, Idempotent, OpenWorld bool
}

// Policy is what may be called. The zero value permits everything. What ReadOnly leaves, Deny cuts down, and what that
// leaves must be in Allow, unless Allow is empty.
type Policy struct {
	// ReadOnly leaves only tools that are annotated as read-only, whatever else is allowed.
	ReadOnly bool
	// Deny holds what is refused, and beats Allow.
	Deny []Rule
	// Allow holds what is permitted; everything when empty.
	Allow []Rule
	// Of is whose policy it is, for the reason of a refusal, such as `the caller "ci"`; empty for the server's own.
	Of string
}

// Permits reports whether the tool may be listed and called; the reason names the rule that forbids it and what would
// change that.
func (p Policy) Permits(t Tool) (ok bool, reason string) {
	if p.ReadOnly && !t.ReadOnly {
		return false, p.owner() + " is read-only, and the tool does not say that it only reads; " + p.remedy("--read-only", "read_only")
	}
	for _, r := range p.Deny {
		if r.Matches(t) {
			return false, "the rule " + r.String() + " denies the tool to " + p.owner() + "; " + p.remedy("--deny-tool", "deny")
		}
	}
	if len(p.Allow) == 0 {
		return true, ""
	}
	for _, r := range p.Allow {
		if r.Matches(t) {
			return true, ""
		}
	}
	return false, "no rule allows the tool to " + p.owner() + "; " + p.remedy("--allow-tool", "allow")
}

// Permits reports whether all of the policies permit the tool, and the first reason why not.
func Permits(t Tool, policies ...Policy) (ok bool, reason string) {
	for _, p := range policies {
		if ok, reason := p.Permits(t); !ok {
			return false, reason
		}
	}
	return true, ""
}

// Unmatched returns the rules by name that pick none of the tools, which are mostly misspelt: a deny rule among them denies
// nothing.
func (p Policy) Unmatched(tools []Tool) (rules []Rule) {
	for _, r := range slices.Concat(p.Deny, p.Allow) {
		if r.hint == "" && !slices.ContainsFunc(tools, r.Matches) {
			rules = append(rules, r)
		}
	}
	return rules
}

func (p Policy) owner() string {
	if p.Of == "" {
		return "the server"
	}
	return p.Of
}

// remedy says who can change what.
func (p Policy) remedy(flag, key string) string {
	if p.Of == "" {
		return "whoever starts the server can change " + flag
	}
	return "whoever keeps the access file can change " + key + " there"
}
