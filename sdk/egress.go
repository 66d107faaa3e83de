package sdk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"mcp-server/internal/pluginv1"
)

// The headers of an answer that the host's proxy gives itself. It removes them from what it passes on.
const (
	// EgressHeader has the kind of the failure: one of the Egress constants.
	EgressHeader = "X-MCP-Server-Egress"
	// EgressReasonHeader has the reason of a refusal as a sentence.
	EgressReasonHeader = "X-MCP-Server-Refused"
)

// EgressKind says what kept the host's proxy from carrying out a request.
type EgressKind string

// The kinds. Of all but EgressBroken the target surely got nothing.
const (
	EgressUndeclared  EgressKind = "undeclared"   // the plugin has not declared the host or its port
	EgressPrivate     EgressKind = "private"      // the host's address is not public and not declared
	EgressInvalid     EgressKind = "invalid"      // the request is none that a proxy can carry out
	EgressPassword    EgressKind = "password"     // the proxy's password was missing or wrong
	EgressBusy        EgressKind = "busy"         // the plugin has too many connections open
	EgressNameUnknown EgressKind = "name_unknown" // there is no such host
	EgressNameLookup  EgressKind = "name_lookup"  // the name could not be looked up
	EgressNoListener  EgressKind = "no_listener"  // the host refused the connection
	EgressTimeout     EgressKind = "timeout"      // the host did not answer in time
	EgressUnreachable EgressKind = "unreachable"  // the host could not be reached for another reason
	EgressUpstream    EgressKind = "upstream"     // the proxy that the server itself is behind did not connect
	EgressBroken      EgressKind = "broken"       // the connection broke after the request had been sent
	EgressCanceled    EgressKind = "canceled"     // the plugin gave up, so nobody reads this
)

// Forbidden reports that the plugin may not reach the host, so that only another declaration or setting helps.
func (k EgressKind) Forbidden() bool { return k == EgressUndeclared || k == EgressPrivate }

// EgressError is a request that the host's proxy did not carry out.
type EgressError struct {
	Kind   EgressKind
	Reason string // as a sentence, without a secret
}

// Error returns the reason.
func (e *EgressError) Error() string { return e.Reason }

// Sent reports that the target may have got the request.
func (e *EgressError) Sent() bool { return e.Kind == EgressBroken }

// Egress is the host's proxy as a plugin sees it: the only way out of its process. The zero value is none, as in a test without a host.
type Egress struct{ door *url.URL }

// NewEgress reads where the host's proxy is; os.Getenv is the usual argument.
func NewEgress(getenv func(string) string) (Egress, error) {
	value := getenv(pluginv1.EgressKey)
	if value == "" {
		return Egress{}, nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return Egress{}, fmt.Errorf("reading the host's proxy: the value of %s is not a URL", pluginv1.EgressKey) // it holds a password
	}
	return Egress{door: u}, nil
}

// Present reports that there is a host with a proxy.
func (e Egress) Present() bool { return e.door != nil }

// Proxy is the value for [http.Transport].Proxy. Without a host it is [http.ProxyFromEnvironment].
func (e Egress) Proxy(r *http.Request) (*url.URL, error) {
	if e.door == nil {
		return http.ProxyFromEnvironment(r)
	}
	return e.door, nil
}

// Connected is the value for [http.Transport].OnProxyConnectResponse: it turns the proxy's refusal into an [*EgressError].
// Without it the error has the reason as its text, since the proxy puts it into the status line.
func (e Egress) Connected(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if e.door == nil {
		return nil
	}
	return egressError(answer)
}

// Failure returns the [*EgressError] that an answer over plain http stands for, nil when the target has answered. Over https a
// request that failed has no answer, and what a target writes into the headers means nothing.
func (e Egress) Failure(answer *http.Response) error {
	if e.door == nil || answer.Request == nil || answer.Request.URL.Scheme != "http" {
		return nil
	}
	return egressError(answer)
}

func egressError(answer *http.Response) error {
	kind := EgressKind(answer.Header.Get(EgressHeader))
	if kind == "" {
		return nil
	}
	reason := answer.Header.Get(EgressReasonHeader)
	if reason == "" {
		reason = answer.Status
	}
	return &EgressError{Kind: kind, Reason: reason}
}

// Proxy is the value for [http.Transport].Proxy in a plugin: the host's proxy for every host, loopback included, and
// [http.ProxyFromEnvironment] without a host. [Serve] gives it to [http.DefaultTransport].
func Proxy(r *http.Request) (*url.URL, error) {
	e, err := NewEgress(os.Getenv)
	if err != nil {
		return nil, err
	}
	return e.Proxy(r)
}
