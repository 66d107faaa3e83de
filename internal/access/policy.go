package access

// Tool is what a policy looks at.
type Tool struct {
	Name, Plugin string
	// The hints of MCP's tool annotations. A tool that says nothing counts as one that writes.
	ReadOnly, Destructive, Idempotent, OpenWorld bool
}

// Policy is what may be called. The zero value permits everything.
type Policy struct {
	// ReadOnly leaves only tools that are annotated as read-only, whatever else is allowed.
	ReadOnly bool
}

// Permits reports whether the tool may be listed and called; the reason names the rule that forbids it.
func (p Policy) Permits(t Tool) (ok bool, reason string) {
	if p.ReadOnly && !t.ReadOnly {
		return false, "the server is read-only, and the tool does not say that it only reads"
	}
	return true, ""
}
