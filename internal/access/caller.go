// Package access says who calls and what a caller may do: names, tokens, credential profiles and the policy over tools.
// An access file, which [Open] reads, holds them for a server on HTTP. Start reading at [Caller].
package access

import (
	"context"
	"strconv"
	"time"
)

// Caller is who makes a request. The zero value is the local user, who is not restricted: standard input and output, and
// the command line.
type Caller struct {
	// Name identifies the caller in logs, in the audit log and in the artifact store; empty for the local user.
	Name string
	// Profile names the credentials with which the caller's tools run; empty is the server's own.
	Profile string
	// Rule is the claims of the OAuth rule that admitted the caller; empty for callers of the file.
	Rule string
	// Policy is what the caller may call, beside what the server's own policy leaves.
	Policy Policy
	// Metrics says that the caller may read the server's metrics, which tell of all callers.
	Metrics bool
	// Expires is when what admitted the caller ends; zero for never.
	Expires time.Time
	// Limits are the caller's own; a server has its own values for those that are zero.
	Limits Limits
}

// Limits bound how much a caller asks at a time.
type Limits struct {
	// PerMinute is the number of calls in a minute.
	PerMinute int
	// Concurrent is the number of calls that run at once.
	Concurrent int
}

// Key tells callers apart by what they may reach: two requests with the same key may share sessions, tasks and questions. The
// name alone does not do, because tokens of one OAuth subject may fall under different rules. What the access file says of a
// caller's policy and limits is no part of it: that counts anew for each request. Empty for the local user.
func (c Caller) Key() string {
	if c.Name == "" && c.Profile == "" && c.Rule == "" {
		return ""
	}
	return strconv.Quote(c.Name) + strconv.Quote(c.Profile) + strconv.Quote(c.Rule)
}

type callerKey struct{}

// WithCaller returns a context of the caller's requests.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns whose request the context belongs to; the local user when nobody said.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
