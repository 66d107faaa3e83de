package telemetry

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEgress(t *testing.T) {
	t.Parallel()
	k := newKit(t, Options{})
	for range 2 {
		k.Egress(Egress{Plugin: "drs", Rule: "*.example.com:8443", Sent: 10, Received: 200})
	}
	k.Egress(Egress{Plugin: "drs", Rule: "$ENDPOINT", Sent: 1})
	k.Egress(Egress{Plugin: "drs", Rule: "[::1]:8", Received: 1})
	k.Egress(Egress{Plugin: "drs", Rule: "*.example.com:8443", Failure: "timeout"})
	want := map[string]int64{
		"mcp_server.egress.connections{mcp_server.plugin=drs,mcp_server.rule=*.example.com:8443}":                        2,
		"mcp_server.egress.connections{mcp_server.plugin=drs,mcp_server.rule=$ENDPOINT}":                                 1,
		"mcp_server.egress.connections{mcp_server.plugin=drs,mcp_server.rule=[::1]:8}":                                   1,
		"mcp_server.egress.size{mcp_server.plugin=drs,mcp_server.rule=*.example.com:8443,network.io.direction=transmit}": 20,
		"mcp_server.egress.size{mcp_server.plugin=drs,mcp_server.rule=*.example.com:8443,network.io.direction=receive}":  400,
		"mcp_server.egress.size{mcp_server.plugin=drs,mcp_server.rule=$ENDPOINT,network.io.direction=transmit}":          1,
		"mcp_server.egress.size{mcp_server.plugin=drs,mcp_server.rule=$ENDPOINT,network.io.direction=receive}":           0,
		"mcp_server.egress.size{mcp_server.plugin=drs,mcp_server.rule=[::1]:8,network.io.direction=transmit}":            0,
		"mcp_server.egress.size{mcp_server.plugin=drs,mcp_server.rule=[::1]:8,network.io.direction=receive}":             1,
		"mcp_server.egress.failures{mcp_server.plugin=drs,mcp_server.reason=timeout}":                                    1,
	}
	if diff := cmp.Diff(want, k.points(t)); diff != "" {
		t.Error(diff)
	}
	for n := range 1000 {
		k.Egress(Egress{Plugin: "drs", Rule: fmt.Sprintf("host%d.example.com", n)})
	}
	if n := len(k.points(t)); n > 610 {
		t.Errorf("%d series", n)
	}
	(*Telemetry)(nil).Egress(Egress{})
}
