// Package access says who calls and what a caller may do: names, tokens, credential profiles and the policy over tools.
// An access
// file, which [Open] reads, holds them for a server on HTTP. Start reading at [Caller].
package access

import "context"

// Caller is who makes a request. The zero value is the local user, who is not restricted: standard input and output, and
// the command line.
type Caller struct {
	// Name identifies the caller in logs, in the audit log and in the artifact store; empty for the local user.
	Name string
	// Profile names the credentials with which the caller's tools run; empty is the server's own.
	Profile string
	// Policy is what the caller may call, beside what the server's own policy leaves.
	Policy Policy
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
