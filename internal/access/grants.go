package access

import (
	"maps"
	"slices"
)

// Grants lists what the file grants: its callers in their order, and then the rules of OAuth, which have no name.
func (g *Gate) Grants() (all []Caller) {
	b := g.fresh()
	for _, e := range b.entries {
		all = append(all, e.caller)
	}
	if b.oauth != nil {
		for _, r := range b.oauth.rules {
			all = append(all, r.caller)
		}
	}
	return all
}

// Profiles lists the names of the profiles, sorted.
func (g *Gate) Profiles() []string { return slices.Sorted(maps.Keys(g.fresh().profiles)) }

// Unmatched describes the rules of the file by name that pick none of the tools.
func (g *Gate) Unmatched(tools []Tool) (found []string) {
	for _, c := range g.Grants() {
		of := c.Policy.Of
		if c.Rule != "" {
			of = "the oauth rule for " + c.Rule
		}
		for _, r := range c.Policy.Unmatched(tools) {
			found = append(found, r.String()+" of "+of)
		}
	}
	return found
}
