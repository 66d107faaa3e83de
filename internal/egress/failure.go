package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"mcp-server/sdk"
)

// failure is why a plugin's request is not carried out.
type failure struct {
	kind   sdk.EgressKind
	reason string // for the plugin's author; may repeat what the plugin wrote, never a secret
}

func (f *failure) Error() string { return f.reason }

func failed(kind sdk.EgressKind, format string, args ...any) *failure {
	return &failure{kind: kind, reason: printable(fmt.Sprintf(format, args...), 300)}
}

// refusal reports that the request was turned away, rather than that it did not get through.
func (f *failure) refusal() bool {
	switch f.kind {
	case sdk.EgressUndeclared, sdk.EgressPrivate, sdk.EgressInvalid, sdk.EgressPassword, sdk.EgressBusy:
		return true
	}
	return false
}

// status is the HTTP status of the kind.
func (f *failure) status() int {
	switch f.kind {
	case sdk.EgressUndeclared, sdk.EgressPrivate:
		return http.StatusForbidden
	case sdk.EgressInvalid:
		return http.StatusBadRequest
	case sdk.EgressPassword:
		return http.StatusProxyAuthRequired
	case sdk.EgressBusy:
		return http.StatusServiceUnavailable
	case sdk.EgressTimeout:
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// write puts the failure into the headers of its answer.
func (f *failure) write(h http.Header) {
	h.Set(sdk.EgressHeader, string(f.kind))
	h.Set(sdk.EgressReasonHeader, f.reason)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if f.kind == sdk.EgressPassword {
		h.Set("Proxy-Authenticate", `Basic realm="mcp-server"`)
	}
}

// unreachable reads the error of connecting to a target, or to the proxy before it.
func unreachable(what string, err error) *failure {
	if known, ok := errors.AsType[*failure](err); ok {
		return known
	}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return failed(sdk.EgressCanceled, "the plugin gave up before %s had answered", what)
	case isDNS && dns.IsNotFound:
		return failed(sdk.EgressNameUnknown, "%s is not a name that the network knows", what)
	case isDNS:
		return failed(sdk.EgressNameLookup, "%s could not be looked up", what)
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed(sdk.EgressNoListener, "%s refused the connection", what)
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return failed(sdk.EgressTimeout, "%s did not answer in time", what)
	}
	return failed(sdk.EgressUnreachable, "%s could not be reached: %s", what, bottom(err))
}

// bottom is the innermost text of an error: the outer ones repeat addresses.
func bottom(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// printable keeps a text on one line of a header or a log: ASCII without control characters.
func printable(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
