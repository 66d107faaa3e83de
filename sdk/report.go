package sdk

import (
	"time"

	"mcp-server/internal/pluginv1"
)

// CloudRequest is one request that a tool has made to the service behind it. It holds no secret and no query.
type CloudRequest struct {
	Start, End time.Time
	Method     string
	// Endpoint is scheme and host, Route the path with its ids left out.
	Endpoint, Route string
	Region          string
	// Status is the reply's, zero when there was none. Error says what kind of failure it was: no reply, or one whose body broke.
	Status int
	Error  string
	// RequestID is the service's own.
	RequestID string
	// Attempt is 1 for the first.
	Attempt int
}

// Report tells the host of a request to the service, for its log, its traces and the result's provenance.
func (c *Call) Report(r CloudRequest) {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_CloudRequest{CloudRequest: &pluginv1.CloudRequest{
		StartUnixNano: unixNano(r.Start), EndUnixNano: unixNano(r.End), Method: r.Method, Endpoint: r.Endpoint, Route: r.Route,
		Region: r.Region, Status: int32(r.Status), RequestId: r.RequestID, Attempt: int32(r.Attempt), Error: r.Error,
	}}})
}

// unixNano is zero for the zero time, whose own number is out of range.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// TraceParent is the W3C trace context of the call, to be handed to a service; empty when nobody traces.
func (c *Call) TraceParent() string { return c.traceParent }

// ListTool shows or hides a tool of the plugin, for all callers of the server; clients that listen are told. A tool that
// hides itself asks nothing afterwards, because the client could not come back to it with the answers.
func (c *Call) ListTool(name string, listed bool) { c.list(pluginv1.Kind_KIND_TOOL, name, listed) }

// ListPrompt shows or hides a prompt of the plugin; clients that listen are told.
func (c *Call) ListPrompt(name string, listed bool) { c.list(pluginv1.Kind_KIND_PROMPT, name, listed) }

func (c *Call) list(kind pluginv1.Kind, name string, listed bool) {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Listing{
		Listing: &pluginv1.Listing{Kind: kind, Name: name, Listed: listed},
	}})
}

// ResourceUpdated tells clients that subscribed to a resource of the plugin that it has changed.
func (c *Call) ResourceUpdated(uri string) {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Updated{Updated: &pluginv1.Updated{Uri: uri}}})
}
