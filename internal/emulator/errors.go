package emulator

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// failure is an error answer, independent of the shape in which its service writes it.
//
// Codes and messages are those of the services' documented tables where one is known. The codes that end in EMU are
// the emulator's own, for cases whose code is not published.
type failure struct {
	status        int
	code, message string
	details       string // ROMA only
	gateway       bool   // written by the API gateway in front of the service, in the gateway's shape
	retryAfter    string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func fail(status int, code, format string, args ...any) *failure {
	return &failure{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// unauthorized is the gateway's 401; the text tells the cause.
func unauthorized(cause string) *failure {
	return &failure{status: http.StatusUnauthorized, code: "APIGW.0301", gateway: true,
		message: "Incorrect IAM authentication information: " + cause}
}

func errNoAPI() *failure {
	return &failure{status: http.StatusNotFound, code: "APIGW.0101", gateway: true,
		message: "The API does not exist or has not been published in the environment"}
}

func errTooLarge() *failure {
	return &failure{status: http.StatusRequestEntityTooLarge, code: "APIGW.0201", gateway: true,
		message: "Request entity too large"}
}

func errThrottled() *failure {
	return &failure{status: http.StatusTooManyRequests, code: "APIGW.0308", gateway: true, retryAfter: "1",
		message: "The throttling threshold has been reached: policy user over ratelimit,limit:1,time:1 second"}
}

// errForeignProject answers a path whose project is not the caller's.
func errForeignProject(service string) *failure {
	switch service {
	case ServiceDRS:
		return fail(http.StatusForbidden, "DRS.M00261", "Invalid project ID.")
	case ServiceHTAP:
		return fail(http.StatusForbidden, "DBS.200010",
			"The DB instance ID or user ID may be null, or the operation is not authorized.")
	case ServiceROMA:
		return &failure{status: http.StatusForbidden, code: "ROMA.1006", message: "No permission",
			details: "the token or key does not belong to the project in the path"}
	default:
		return fail(http.StatusForbidden, "RF.403EMU", "The project in the path is not the caller's.")
	}
}

// render writes an error in the shape of the call's service, or in the gateway's.
func (c *call) render(err error) reply {
	var f *failure
	if !errors.As(err, &f) {
		f = fail(http.StatusInternalServerError, "EMU.500", "%v", err)
	}
	out, err := c.shape(f)
	if err != nil { // strings only: cannot happen, and an empty 500 says as much
		out = reply{status: http.StatusInternalServerError, header: http.Header{}}
	}
	if f.retryAfter != "" {
		out.header.Set("Retry-After", f.retryAfter)
	}
	return out
}

func (c *call) shape(f *failure) (reply, error) {
	switch {
	case c.service.name == ServiceOBS:
		return c.shapeOBS(f)
	case f.gateway:
		return jsonReply(f.status, map[string]string{"error_msg": f.message, "error_code": f.code, "request_id": c.id})
	case c.service.name == ServiceROMA:
		return jsonReply(f.status, map[string]string{"error_code": f.code, "error_msg": f.message,
			"error_details": f.details, "request_id": c.id})
	case c.service.name == ServiceIAM:
		return jsonReply(f.status, map[string]any{"error": map[string]any{
			"code": f.status, "message": f.message, "title": http.StatusText(f.status)}})
	default:
		return jsonReply(f.status, map[string]string{"error_code": f.code, "error_msg": f.message})
	}
}

// shapeOBS writes the XML of the object store.
func (c *call) shapeOBS(f *failure) (reply, error) {
	body, err := xml.Marshal(struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		Resource  string
		RequestID string `xml:"RequestId"`
		HostID    string `xml:"HostId"`
	}{Code: f.code, Message: f.message, Resource: c.URL.Path, RequestID: c.id, HostID: strings.Repeat("0", 32)})
	header := http.Header{"Content-Type": {"application/xml"}}
	return reply{status: f.status, header: header, body: plain(append([]byte(xml.Header), body...))}, err
}
