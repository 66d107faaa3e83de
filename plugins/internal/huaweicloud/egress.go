package huaweicloud

import (
	"strings"

	"mcp-server/sdk"
)

// classifyEgress reads what the host's proxy says of a request that it did not carry out, in the words for the same failure without a proxy.
func classifyEgress(e *sdk.EgressError) failure {
	f := failure{unsent: !e.Sent(), code: sdk.CodeUnavailable, next: checkNetwork}
	switch e.Kind {
	case sdk.EgressUndeclared, sdk.EgressPrivate:
		f.kind, f.barred, f.code = "egress", true, sdk.CodeFailedPrecondition
		f.what = "was not connected to, because " + clean(e.Reason, 300)
	case sdk.EgressNameUnknown:
		f.kind, f.what, f.next = "dns", "is not a name that the network knows", checkEndpoint
	case sdk.EgressNameLookup:
		f.kind, f.what, f.again = "dns", "could not be looked up", true
	case sdk.EgressNoListener:
		f.kind, f.what, f.again = "refused", "refused the connection", true
	case sdk.EgressTimeout:
		f.kind, f.what = "timeout", "did not answer in time"
	case sdk.EgressBroken:
		f.kind, f.what, f.again = "closed", "closed the connection in the middle", true
	case sdk.EgressUpstream:
		f.kind, f.what, f.again = "proxy", "could not be reached: "+clean(e.Reason, 300), true
	default:
		f.kind, f.what, f.again = "unreachable", "could not be reached: "+clean(e.Reason, 300), true
	}
	return f
}

// wayThrough says which setting opens the way to a host that the plugin has not declared: one from the official SDK's own files, one
// that the cloud names in a link, or one whose address is of a private network.
func (s shot) wayThrough() string {
	example := s.url.Scheme + "://" + s.url.Host
	if s.service == obs {
		example = s.url.Scheme + "://" + strings.TrimPrefix(s.url.Host, bucketOf(s.url.Host))
	}
	return "Nothing was sent. If the host belongs to your cloud, set " + envEndpoint + string(s.service) + " for the server, such as " + example + "."
}

// bucketOf is the part of a host of OBS that differs from bucket to bucket, with its dot; empty when there is none.
func bucketOf(host string) string {
	if at := strings.Index(host, ".obs."); at >= 0 {
		return host[:at+1]
	}
	return ""
}
