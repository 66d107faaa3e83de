// Package access says who calls and what a caller may do: names, tokens, credential profiles and the policy over tools.
// Start reading at [Caller].
package access

import "context"

// Caller is who makes a request. The zero value is the local user, who is not restricted: standard input and output, and
// the command line.
type Caller struct {
	// Name identifies the caller in logs, in the audit log and in the artifact store; empty for the local user.
	Name string
	// Profile names the credentials with which the caller's tools run; empty is the server's own.
	Profile string
	// Policy is what the caller may call.
	Policy Policy
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
