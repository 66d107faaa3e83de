package access

import (
	"slices"
	"time"
)

// Stands reports whether a caller who was let in before would still be: its entry is in the file and has not expired, or,
// for a caller by OAuth, the rule that admitted it is there: that its token expires while a task runs is how tokens are.
// Work that goes on without a request is judged by it.
func (g *Gate) Stands(c Caller) bool {
	b := g.fresh()
	if c.Rule != "" {
		return b.oauth != nil && slices.ContainsFunc(b.oauth.rules, func(r claimRule) bool {
			return r.caller.Rule == c.Rule && r.caller.Profile == c.Profile
		})
	}
	for _, e := range b.entries {
		if e.caller.Key() == c.Key() && (e.caller.Expires.IsZero() || time.Now().Before(e.caller.Expires)) {
			return true
		}
	}
	return false
}
