package host

import (
	"time"

	"mcp-server/internal/pluginv1"
)

// The keys of a result's _meta.
const (
	// ErrorMetaKey holds the [Failure] of a failed call.
	ErrorMetaKey = "mcp-server/error"
	// ProvenanceMetaKey holds the [Provenance] of a result.
	ProvenanceMetaKey = "mcp-server/provenance"
)

// Provenance says what has produced a result.
type Provenance struct {
	Plugin  string `json:"plugin"`
	Version string `json:"version,omitempty"`
	// Digest is the plugin's binary, as sha256:<hexadecimal>; empty for the server's own tools.
	Digest string `json:"digest,omitempty"`
	// Endpoint and Region are those of the last request to the cloud; empty when there was none.
	Endpoint string `json:"endpoint,omitempty"`
	Region   string `json:"region,omitempty"`
	// Time is when the call ended, RFC 3339 in UTC.
	Time   string `json:"time"`
	CallID string `json:"call_id"`
}

// cloudRequest takes a plugin's report of a request in.
func (c *call) cloudRequest(r *pluginv1.CloudRequest) {
	c.cloud = append(c.cloud, r)
	if len(c.cloud) > maxCloudRequests { // the first and the last ones tell most
		c.cloud = append(c.cloud[:maxCloudRequests/2], c.cloud[maxCloudRequests/2+1:]...)
	}
	c.logger.Debug("cloud request", "method", r.GetMethod(), "endpoint", r.GetEndpoint(), "route", r.GetRoute(), "status", r.GetStatus(),
		"request_id", r.GetRequestId(), "attempt", r.GetAttempt(), "error", r.GetError())
}

// maxCloudRequests bounds what is remembered of one call.
const maxCloudRequests = 200

// requestIDs are the cloud's ids of the call's requests, the last ones.
func (c *call) requestIDs() []string {
	const most = 10
	var ids []string
	for _, r := range c.cloud[max(0, len(c.cloud)-most):] {
		if r.GetRequestId() != "" {
			ids = append(ids, r.GetRequestId())
		}
	}
	return ids
}

func (c *call) provenance() Provenance {
	p := Provenance{
		Plugin: c.tool.Plugin, Version: c.tool.Version, Time: time.Now().UTC().Format(time.RFC3339Nano), CallID: c.id,
	}
	if c.digest != nil {
		p.Digest = c.digest()
	}
	if n := len(c.cloud); n > 0 {
		p.Endpoint, p.Region = c.cloud[n-1].GetEndpoint(), c.cloud[n-1].GetRegion()
	}
	return p
}
