package host

import (
	"net/url"
	"time"
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

func (c *call) provenance() Provenance {
	p := Provenance{
		Plugin: c.tool.Plugin, Version: c.tool.Version, Digest: c.tool.digest(), Time: time.Now().UTC().Format(time.RFC3339Nano), CallID: c.id,
	}
	if n := len(c.cloud); n > 0 {
		p.Endpoint, p.Region = c.cloud[n-1].GetEndpoint(), c.cloud[n-1].GetRegion()
	}
	return p
}

// hostOf is the host of an endpoint, without its port.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
