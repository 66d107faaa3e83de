package huaweicloud

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"mcp-server/sdk"
)

// failure is what a broken attempt means.
type failure struct {
	unsent bool   // no connection was made, so nothing was sent
	barred bool   // the host does not let the plugin reach it
	again  bool   // the next attempt may fare better
	kind   string // in one word, for reports
	what   string // for the message
	next   string
	code   sdk.Code
}

const (
	checkNetwork  = "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the endpoint, then call again."
	checkEndpoint = "Check the region and the endpoint settings, and that this machine can resolve names."
	checkTrust    = "If a proxy or a private cloud uses its own certificate authority, name its file in SSL_CERT_FILE."
)

// classify reads the error of a round trip.
func classify(err error) failure {
	if egress, ok := errors.AsType[*sdk.EgressError](err); ok {
		return classifyEgress(egress)
	}
	op, isOp := errors.AsType[*net.OpError](err)
	unsent := isOp && (op.Op == "dial" || op.Op == "proxyconnect" || op.Op == "socks connect")
	f := failure{unsent: unsent, code: sdk.CodeUnavailable, next: checkNetwork}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, errNoAnswer):
		f.kind, f.what = "timeout", "did not answer in time"
	case errors.Is(err, errStalled):
		f.kind, f.what = "stalled", "stopped sending in the middle"
	case isDNS && dns.IsNotFound:
		f.kind = "dns"
		f.what, f.next, f.unsent = "is not a name that the network knows", checkEndpoint, true
	case isDNS:
		f.kind = "dns"
		f.what, f.again, f.unsent = "could not be looked up", !dns.IsTimeout, true
	case isTrust(err):
		f.kind = "certificate"
		f.what, f.next, f.unsent = "showed a certificate that is not trusted: "+clean(err.Error(), 200), checkTrust, true
	case errors.Is(err, syscall.ECONNREFUSED):
		f.kind, f.what, f.again = "refused", "refused the connection", true
	case isNet && timeout.Timeout():
		f.kind, f.what = "timeout", "did not answer in time"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE):
		f.kind, f.what, f.again = "closed", "closed the connection in the middle", true
	default:
		f.kind, f.what, f.again = "unreachable", "could not be reached: "+clean(withoutURL(err).Error(), 200), unsent || isOp
	}
	if _, sent := errors.AsType[sentError](err); sent {
		f.unsent = false
	}
	if _, before := errors.AsType[unsentError](err); before {
		f.unsent = true
	}
	if unsent && op.Op != "dial" {
		f.kind = "proxy"
		f.what = "could not be reached through the proxy, which " + f.what
	}
	return f
}

func isTrust(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// withoutURL drops the URL that net/http's errors carry: its query may be a credential.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// connectionError explains a broken attempt: whose connection, what happened, what to do.
func (s shot) connectionError(err error, f failure) *sdk.Error {
	next := f.next
	if !f.unsent && s.method != http.MethodGet && s.repeat != repeatAlways {
		next = "The request may have been carried out all the same: look at its effect before you call again."
	}
	if !f.unsent && s.fresh {
		next = "" // onceOnlyError has it
	}
	source := sdk.SourceCloud
	if f.barred {
		source, next = sdk.SourceHost, s.wayThrough()
	}
	secrets := append(s.credential.secrets(), s.secrets...)
	return &sdk.Error{
		Code: f.code, Source: source,
		Message: redact(strings.TrimRight(fmt.Sprintf("%s of %s: %s %s. %s", s.operation, s.service, s.url.Host, strings.TrimSuffix(f.what, "."), next), " "), secrets),
		Cause:   &transportError{text: redact(withoutURL(err).Error(), secrets), unsent: f.unsent},
	}
}

// sentError is an error of a request that had left.
type sentError struct{ error }

func (e sentError) Unwrap() error { return e.error }

// unsentError is an error of a request that had no connection yet, not even through a proxy.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// transportError is the private cause of a connection error, without its URL.
type transportError struct {
	text   string
	unsent bool
}

func (e *transportError) Error() string { return e.text }
