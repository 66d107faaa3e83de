package transport

import (
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
)

// TestOneEndpointSpeaksAllRevisions greets in each revision with a handshake, and asks in the one without, over the same
// transport.
func TestOneEndpointSpeaksAllRevisions(t *testing.T) {
	t.Parallel()
	tr := newTestTransport(t, newFixture().MCPServer, nil)
	w := serveWeb(t, tr)
	asked := 0
	for _, revision := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		c := dial(t, tr)
		c.greet(revision)
		if got := c.exchange("%s", callLine("1", "echo", `{"text":"hi"}`)); !strings.Contains(got, `"hi"`) {
			t.Errorf("%s on standard input: %s", revision, got)
		}
		session := w.greet(revision)
		if got := w.post(callLine("1", "echo", `{"text":"hi"}`), append([]string{mcp.HeaderProtocolVersion, revision}, session...)...); !strings.Contains(got.body, `"hi"`) {
			t.Errorf("%s over HTTP: %d %s", revision, got.StatusCode, got.body)
		}
		asked++
	}
	line := modernLine("1", "tools/call", `"name":"echo","arguments":{"text":"hi"}`)
	if got := dial(t, tr).exchange("%s", line); !strings.Contains(got, `"hi"`) {
		t.Errorf("2026-07-28 on standard input: %s", got)
	}
	if got := w.modern(line); !strings.Contains(got.body, `"hi"`) {
		t.Errorf("2026-07-28 over HTTP: %d %s", got.StatusCode, got.body)
	}
	if known := len(mcp.ValidProtocolVersions); known != asked+1 {
		t.Errorf("mcp-go knows %d revisions, and %d were asked for", known, asked+1)
	}
}
