package transport

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
)

// TestListening tells each client only of what it asked for, on standard input and output.
func TestListening(t *testing.T) {
	t.Parallel()
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, func(c *Config) {
		c.Normal = func(uri string) string { return strings.TrimSuffix(uri, "/") }
	})
	c := dial(t, tr)
	ack := c.exchange("%s", modernLine("9007199254740993", "subscriptions/listen",
		`"notifications":{"resourcesListChanged":true,"resourceSubscriptions":["test://a/"]}`))
	if !strings.Contains(ack, "subscriptions/acknowledged") || !strings.Contains(ack, `"io.modelcontextprotocol/subscriptionId":9007199254740993`) {
		t.Fatalf("acknowledged with %s", ack)
	}
	tr.ResourceUpdated("test://b")
	f.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
	tr.ResourceUpdated("test://a")
	if got := c.read(); !strings.Contains(got, `"uri":"test://a"`) || !strings.Contains(got, `subscriptionId":9007199254740993`) {
		t.Errorf("first came %s", got)
	}
	f.SendNotificationToAllClients(mcp.MethodNotificationResourcesListChanged, nil)
	if got := c.read(); !strings.Contains(got, "resources/list_changed") || !strings.Contains(got, `subscriptionId":9007199254740993`) {
		t.Errorf("then came %s", got)
	}
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9007199254740993}}`)
	if got := c.exchange(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); got != `{"jsonrpc":"2.0","id":1,"result":{}}` {
		t.Errorf("after the cancel came %s", got)
	}
	tr.ResourceUpdated("test://a")
	if lines, err := c.rest(); err != nil || len(lines) != 0 {
		t.Errorf("%v, %v", lines, err)
	}
}

// TestBroadcastsWaitForTheHandshake has something change before and after.
func TestBroadcastsWaitForTheHandshake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tr := newTestTransport(t, f.MCPServer, nil)
		c := dial(t, tr)
		c.exchange(`{"jsonrpc":"2.0","id":0,"method":"ping"}`)
		f.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
		synctest.Wait()       // until the broadcast has gone by
		c.greet("2025-11-25") // reads one line, which is the answer
		c.exchange(`{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"test://a"}}`)
		tr.ResourceUpdated("test://a")
		if got := c.read(); !strings.Contains(got, `"method":"notifications/resources/updated","params":{"uri":"test://a"}`) {
			t.Errorf("got %s", got)
		}
		c.exchange(`{"jsonrpc":"2.0","id":2,"method":"resources/unsubscribe","params":{"uri":"test://a"}}`)
		tr.ResourceUpdated("test://a")
		f.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
		if got := c.read(); !strings.Contains(got, "tools/list_changed") {
			t.Errorf("got %s", got)
		}
		_, _ = c.rest()
		time.Sleep(2 * idleTime) // until the workers have gone
	})
}

// TestSubscriptionsAreBounded subscribes once more than is allowed.
func TestSubscriptionsAreBounded(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	for n := range maxSubscriptions + 1 {
		got := c.exchange(`{"jsonrpc":"2.0","id":%d,"method":"resources/subscribe","params":{"uri":"test://%d"}}`, n, n)
		if refused := strings.Contains(got, "error"); refused != (n == maxSubscriptions) {
			t.Fatalf("subscription %d: %s", n, got)
		}
	}
}

// TestOnlyReadersHear has callers of whom one may not read what changed.
func TestOnlyReadersHear(t *testing.T) {
	t.Parallel()
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, func(c *Config) {
		c.MayRead = func(ctx context.Context, uri string) bool {
			return uri != "test://a" || access.CallerOf(ctx).Name == "ann"
		}
	})
	w := serveWeb(t, tr)
	w.asCallers()
	line := modernLine("7", "subscriptions/listen", `"notifications":{"resourceSubscriptions":["test://a","test://b"]}`)
	for caller, want := range map[string]string{"ann": "test://a", "eve": "test://b"} {
		listen := w.open(t.Context(), http.MethodPost, line, append(modernHeaders(t, line), "Caller", caller)...)
		nextData(t, listen)
		session := w.greet("2025-11-25", "Caller", caller)
		for _, uri := range []string{"test://a", "test://b"} {
			w.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":%q}}`, uri), session...)
		}
		notes := w.open(t.Context(), http.MethodGet, "", session...)
		tr.ResourceUpdated("test://a")
		tr.ResourceUpdated("test://b")
		for _, lines := range []interface {
			Scan() bool
			Text() string
			Err() error
		}{listen, notes} {
			for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
			}
			if !strings.Contains(lines.Text(), want) {
				t.Errorf("%s heard %s, want %s", caller, lines.Text(), want)
			}
		}
	}
}

// TestGetIsTakenOver has a client open the stream for notifications twice, as after a connection that it has lost.
func TestGetIsTakenOver(t *testing.T) {
	t.Parallel()
	f := newFixture()
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	session := w.greet("2025-11-25")
	first := w.open(t.Context(), http.MethodGet, "", session...)
	second := w.open(t.Context(), http.MethodGet, "", session...)
	for first.Scan() { // until the end of the stream
	}
	f.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
	if got := nextData(t, second); !strings.Contains(got, "tools/list_changed") {
		t.Errorf("got %s", got)
	}
}

// TestStreamsAreBounded opens one stream too many.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Limits.Streams = 1 }))
	line := modernLine("7", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`)
	listen := w.open(t.Context(), http.MethodPost, line, modernHeaders(t, line)...)
	nextData(t, listen)
	if a := w.modern(line); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
