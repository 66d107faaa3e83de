package huaweicloud

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mcp-server/sdk"
)

// reply is an answer of the cloud that is an error.
type reply struct {
	service    Service
	operation  string
	status     int
	header     http.Header
	body       []byte
	credential credential
	secrets    []string
	onceOnly   bool
	now        time.Time
}

func (c *Client) reply(s shot, response *http.Response, body []byte) reply {
	return reply{
		service: s.service, operation: s.operation, status: response.StatusCode, header: response.Header, body: body,
		credential: s.credential, secrets: s.secrets, onceOnly: s.fresh, now: c.now(),
	}
}

// cloudError turns the reply into an error that says what happened, with the cloud's code and request id, and what to do.
func (r reply) cloudError() *sdk.Error {
	b := r.parse()
	code := r.code(b)
	e := &sdk.Error{Code: code, Source: sdk.SourceCloud}
	if code == sdk.CodeResourceExhausted || r.status == http.StatusServiceUnavailable {
		e.RetryAfter = retryAfter(r.header, r.now)
	}
	if isLocked(b) {
		e.RetryAfter = lockTime
	}
	var m strings.Builder
	fmt.Fprintf(&m, "%s of %s failed with HTTP %d", r.operation, r.service, r.status)
	if b.code != "" && b.code != strconv.Itoa(r.status) {
		m.WriteString(", code " + b.code)
	}
	for i, part := range []string{b.message, b.details, b.suggestion} {
		switch {
		case part == "":
		case i == 0:
			m.WriteString(": " + part)
		default:
			m.WriteString(" (" + part + ")")
		}
	}
	text := strings.TrimRight(m.String(), ".")
	if id := firstOf(requestID(r.header), b.requestID); id != "" {
		text += " [request id " + clean(id, 80) + "]"
	}
	if b.encoded != "" {
		text += " [encoded_authorization_message " + clip(b.encoded, 300) + "]"
	}
	e.Message = redact(text+". "+r.advice(code, b, e.RetryAfter), r.allSecrets())
	return e
}

// parse reads the body, in which a server may have repeated what it was sent. Secrets go before anything is clipped, since a half secret
// is not found any more.
func (r reply) parse() errorBody {
	return parseErrorBody([]byte(redact(string(r.body), r.allSecrets())))
}

func (r reply) allSecrets() []string { return append(r.credential.secrets(), r.secrets...) }

// requestID reads the cloud's id of a request from the headers that the services use.
func requestID(h http.Header) string {
	return firstOf(h.Get("X-Request-Id"), h.Get("X-IAM-Trace-Id"), h.Get("x-obs-request-id"), h.Get("x-amz-request-id"))
}

// code says what kind of failure it is: by the cloud's code where the status misleads, else by the status.
func (r reply) code(b errorBody) sdk.Code {
	switch strings.ToUpper(b.code) {
	case "ROMA.1000", "ROMA.1002", "DRS.M00100": // authentication failures that arrive as 400 and 403
		return sdk.CodeUnauthenticated
	case "ROMA.1006":
		return sdk.CodePermissionDenied
	case "ROMA.10012":
		return sdk.CodeFailedPrecondition
	case "DRS.10000010":
		return sdk.CodeNotFound
	case "APIG.0308", "APIGW.0308":
		return sdk.CodeResourceExhausted
	case "APIG.0101", "APIGW.0101": // the gateway knows no such operation
		return sdk.CodeUnimplemented
	}
	switch r.status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return sdk.CodeUnauthenticated
	case http.StatusForbidden:
		return sdk.CodePermissionDenied
	case http.StatusNotFound, http.StatusGone:
		return sdk.CodeNotFound
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return sdk.CodeUnimplemented
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return sdk.CodeFailedPrecondition
	case http.StatusTooManyRequests:
		return sdk.CodeResourceExhausted
	case http.StatusRequestTimeout:
		return sdk.CodeUnavailable
	}
	switch {
	case r.status >= 500:
		return sdk.CodeUnavailable
	case r.status >= 400:
		return sdk.CodeInvalidArgument
	}
	return sdk.CodeUnknown
}
