package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/host"
)

// TestHTTPSpeaksEveryRevision has one session per revision, and the era without one on the same endpoint.
func TestHTTPSpeaksEveryRevision(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	for _, revision := range mcp.LegacyProtocolVersions() {
		session := w.greet(revision)
		if a := w.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, session...); a.StatusCode != http.StatusAccepted {
			t.Errorf("%s: initialized: %d", revision, a.StatusCode)
		}
		a := w.post(callLine("9007199254740993", "echo", `{"text":"hi"}`), session...)
		if !strings.Contains(a.body, `"id":9007199254740993,"result":{"content":[{"type":"text","text":"hi"}]`) || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s", revision, a.body)
		}
	}
	a := w.modern(modernLine(`"m"`, "tools/call", `"name":"echo","arguments":{"text":"ho"}`))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"resultType":"complete"`) || a.Header.Get(mcp.HeaderSessionID) != "" {
		t.Errorf("2026-07-28: %d %s", a.StatusCode, a.body)
	}
}

// TestHTTPRefuses sends what is not right, without a session.
func TestHTTPRefuses(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Limits.BodyBytes = 1 << 20 }))
	session := w.greet("2025-11-25")
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	modern := modernLine("1", "tools/list", "")
	call := modernLine("1", "tools/call", `"name":"echo","arguments":{}`)
	headers := func(line string, change ...string) []string {
		h := modernHeaders(t, line)
		for i := 0; i < len(change); i += 2 {
			if at := slices.Index(h, change[i]); at >= 0 {
				h[at+1] = change[i+1]
			} else {
				h = append(h, change[i], change[i+1])
			}
		}
		return h
	}
	for name, tc := range map[string]struct {
		method, body string
		headers      []string
		status, code int
	}{
		"broken JSON":         {"POST", `{"id":1`, nil, 400, -32700},
		"no session":          {"POST", list, nil, 400, -32600},
		"unknown session":     {"POST", list, []string{mcp.HeaderSessionID, "nobody"}, 404, -32001},
		"unknown revision":    {"POST", list, append([]string{mcp.HeaderProtocolVersion, "2020-01-01"}, session...), 400, -32600},
		"null id":             {"POST", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, session, 400, -32600},
		"unknown method":      {"POST", `{"jsonrpc":"2.0","id":1,"method":"no/such"}`, session, 200, -32601},
		"batch":               {"POST", "[" + list + "]", session, 400, -32600},
		"large":               {"POST", `"` + strings.Repeat("x", 2<<20) + `"`, session, 413, -32600},
		"content type":        {"POST", list, []string{"Content-Type", "text/plain"}, 400, -32020}, // there is one already
		"accept":              {"POST", list, []string{"Accept", "text/html"}, 400, -32600},        // as above, and it suffices
		"PUT":                 {"PUT", list, session, 405, 0},
		"GET without session": {"GET", "", nil, 400, -32600},
		"GET of nobody":       {"GET", "", []string{mcp.HeaderSessionID, "nobody"}, 404, -32001},
		"GET after nonsense":  {"GET", "", append([]string{mcp.HeaderLastEventID, "nonsense"}, session...), 400, -32600},
		"GET modern":          {"GET", "", []string{mcp.HeaderProtocolVersion, "2026-07-28"}, 405, 0},
		"DELETE modern":       {"DELETE", "", []string{mcp.HeaderProtocolVersion, "2026-07-28"}, 405, 0},
		"DELETE of nobody":    {"DELETE", "", []string{mcp.HeaderSessionID, "nobody"}, 404, -32001},
		"initialize modern":   {"POST", modernLine("1", "initialize", ""), headers(modernLine("1", "initialize", "")), 404, -32601},
		"no header":           {"POST", modern, nil, 400, -32020},
		"no method header":    {"POST", modern, []string{mcp.HeaderProtocolVersion, "2026-07-28"}, 400, -32020},
		"other method":        {"POST", modern, headers(modern, mcp.HeaderMethod, "ping"), 400, -32020},
		"other revision":      {"POST", modern, headers(modern, mcp.HeaderProtocolVersion, "2026-07-29"), 400, -32020},
		"no meta":             {"POST", list, headers(modern), 400, -32602},
		"future revision":     {"POST", strings.ReplaceAll(modern, "2026-07-28", "2030-01-01"), headers(modern, mcp.HeaderProtocolVersion, "2030-01-01"), 400, -32022},
		"no name":             {"POST", call, headers(modern, mcp.HeaderMethod, "tools/call"), 400, -32020},
		"other name":          {"POST", call, headers(call, mcp.HeaderName, "fail"), 400, -32020},
		"two names":           {"POST", call, append(headers(call), mcp.HeaderName, "fail"), 400, -32020},
		"two sessions":        {"POST", list, append([]string{mcp.HeaderSessionID, "x"}, session...), 400, -32020},
		"resumption":          {"POST", modern, headers(modern, mcp.HeaderLastEventID, "1_1"), 400, -32020},
		"unknown modern":      {"POST", modernLine("1", "no/such", ""), headers(modern, mcp.HeaderMethod, "no/such"), 404, -32601},
		"unknown tool":        {"POST", modernLine("1", "tools/call", `"name":"no"`), headers(modernLine("1", "tools/call", `"name":"no"`)), 400, -32602},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.do(w.request(t.Context(), tc.method, tc.body, tc.headers...))
			if a.StatusCode != tc.status || tc.code != 0 && !strings.Contains(a.body, fmt.Sprintf(`"error":{"code":%d`, tc.code)) {
				if name == "accept" && a.StatusCode == http.StatusBadRequest {
					return
				}
				t.Errorf("got %d %.300s, want %d and %d", a.StatusCode, a.body, tc.status, tc.code)
			}
		})
	}
}

// TestMediaTypes wants the headers that a client must send, and takes those that say it in other words.
func TestMediaTypes(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	for _, tc := range []struct {
		contentType, accept string
		status              int
	}{
		{"application/json; charset=utf-8", "application/json,text/event-stream;q=0.5", 200},
		{"application/json", "*/*", 200},
		{"application/json", "", 200},
		{"application/json", "text/*, application/*", 200},
		{"application/json", "application/json", 406},
		{"application/json", "text/html", 406},
		{"text/plain", "*/*", 415},
		{"", "*/*", 415},
	} {
		r := w.request(t.Context(), http.MethodPost, strings.TrimSpace(hello))
		r.Header.Set("Content-Type", tc.contentType)
		r.Header.Del("Accept")
		if tc.accept != "" {
			r.Header.Set("Accept", tc.accept)
		}
		if a := w.do(r); a.StatusCode != tc.status {
			t.Errorf("%+v: %d %s", tc, a.StatusCode, a.body)
		}
	}
}

// TestHeadersAreNotSmuggled sends a line end in a header by hand: the server must not take what follows for a header.
func TestHeadersAreNotSmuggled(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	body := modernLine("1", "tools/call", `"name":"echo","arguments":{}`)
	for name, extra := range map[string]string{
		"bare CR":      "Mcp-Name: echo\rMcp-Name: fail\r\n",
		"folded":       "Mcp-Name: echo\r\n fail\r\n",
		"space before": "Mcp-Name : echo\r\n",
		"NUL":          "Mcp-Name: echo\x00\r\n",
	} {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n%sContent-Length: %d\r\n\r\n%s", extra, len(body), body)
		answer := make([]byte, 4096)
		n, _ := c.Read(answer)
		if got := string(answer[:n]); !strings.HasPrefix(got, "HTTP/1.1 400") {
			t.Errorf("%s: %s", name, got)
		}
		_ = c.Close()
	}
}

// TestNotificationsOnHTTP are accepted whatever they are, also without _meta, as the official client sends them.
func TestNotificationsOnHTTP(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	cancelled := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
	for _, headers := range [][]string{
		{mcp.HeaderProtocolVersion, "2026-07-28"}, {mcp.HeaderProtocolVersion, "2026-07-28", mcp.HeaderMethod, "notifications/cancelled"}, w.greet("2025-11-25"),
	} {
		if a := w.post(cancelled, headers...); a.StatusCode != http.StatusAccepted || a.body != "" {
			t.Errorf("%v: %d %s", headers, a.StatusCode, a.body)
		}
	}
}

// TestNotificationsGoToTheirOwnStream runs calls of one session beside each other.
func TestNotificationsGoToTheirOwnStream(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	for _, revision := range []string{"2025-06-18", "2025-11-25", "2026-07-28"} {
		var headers []string
		if revision != "2026-07-28" {
			headers = w.greet(revision)
		}
		results := make(chan answered)
		const calls, each = 10, 60
		for n := range calls {
			go func() {
				body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"progress","arguments":{"n":%d},"_meta":{"progressToken":%d}}}`, n, each, n)
				if headers == nil {
					body = strings.Replace(body, `"_meta":{`, modernMeta[:len(modernMeta)-1]+",", 1)
					results <- w.modern(body)
					return
				}
				results <- w.post(body, headers...)
			}()
		}
		for range calls {
			a := within(t, results, "a call")
			events := a.events()
			if len(events) != each+1 || a.Header.Get("X-Accel-Buffering") != "no" || a.Header.Get("Content-Type") != "text/event-stream" {
				t.Fatalf("%s: %d events, %v", revision, len(events), a.Header)
			}
			var last struct{ ID int }
			if err := json.Unmarshal([]byte(events[each]), &last); err != nil {
				t.Fatal(err)
			}
			for n, e := range events[:each] {
				if !strings.Contains(e, fmt.Sprintf(`"progressToken":%d}`, last.ID)) || !strings.Contains(e, fmt.Sprintf(`"progress":%d,`, n)) {
					t.Fatalf("%s: report %d of call %d is %s", revision, n, last.ID, e)
				}
			}
		}
	}
}

// TestHandlersChooseErrors lets a handler answer with a code and a result of its own.
func TestHandlersChooseErrors(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.tool("refuse", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		host.ExchangeOf(ctx).Error = &host.RPCError{Code: -32021, Message: "no", Data: json.RawMessage(`{"requiredCapabilities":{"sampling":{}}}`)}
		return nil, context.Canceled
	})
	f.tool("task", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		host.ExchangeOf(ctx).Result = json.RawMessage(`{"resultType":"task","taskId":"t"}`)
		return mcp.NewToolResultText(""), nil
	})
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	a := w.modern(modernLine("1", "tools/call", `"name":"refuse"`))
	if a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, `"code":-32021,"message":"no","data":{"requiredCapabilities":{"sampling":{}}}`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = w.modern(modernLine("1", "tools/call", `"name":"task"`))
	if a.StatusCode != http.StatusOK || a.body != `{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"t"}}` {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := w.post(callLine("1", "refuse", "{}"), w.greet("2025-11-25")...); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"code":-32021`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// TestCancelMeansOneClient has clients with the same ids, in both eras.
func TestCancelMeansOneClient(t *testing.T) {
	t.Parallel()
	f := newFixture()
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	mine, others := w.greet("2025-11-25"), w.greet("2025-11-25")
	results := make(chan answered, 2)
	go func() { results <- w.post(callLine("1", "wait", `{"label":"mine"}`), mine...) }()
	within(t, f.started, "the first call")
	go func() {
		results <- w.modern(modernLine("1", "tools/call", `"name":"wait","arguments":{"label":"modern"}`))
	}()
	within(t, f.started, "the second call")
	cancelled := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
	w.post(cancelled, others...)
	w.post(cancelled, mcp.HeaderProtocolVersion, "2026-07-28")
	if a := w.post(callLine("1", "echo", "{}"), mine...); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, "in flight") {
		t.Errorf("an id that is in flight: %d %s", a.StatusCode, a.body)
	}
	w.post(cancelled, mine...)
	if label := within(t, f.canceled, "a cancel"); label != "mine" {
		t.Errorf("cancelled %s", label)
	}
	if a := within(t, results, "the first answer"); len(a.events()) != 0 {
		t.Errorf("the cancelled call was answered: %s", a.body)
	}
	f.release <- struct{}{}
	if a := within(t, results, "the second answer"); !strings.Contains(a.body, "waited modern") {
		t.Errorf("the other call got %s", a.body)
	}
}

// TestDisconnect cancels a request of 2026-07-28, and one of a session not.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	f := newFixture()
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	ctx, leave := context.WithCancel(t.Context())
	session := w.greet("2025-11-25")
	line := modernLine("1", "tools/call", `"name":"wait","arguments":{"label":"modern"}`)
	for _, r := range []*http.Request{
		w.request(ctx, http.MethodPost, line, modernHeaders(t, line)...),
		w.request(ctx, http.MethodPost, callLine("1", "wait", `{"label":"session"}`), session...),
	} {
		go func() {
			if response, err := w.Do(r); err == nil {
				_ = response.Body.Close()
			}
		}()
		within(t, f.started, "a call")
	}
	leave()
	if label := within(t, f.canceled, "a cancel"); label != "modern" {
		t.Errorf("cancelled %s", label)
	}
	f.release <- struct{}{} // somebody still waits
	select {
	case label := <-f.canceled:
		t.Errorf("cancelled %s", label)
	default:
	}
}

// TestStreamIsResumed closes a call's stream early, and another by a lost connection, and comes back for the rest.
func TestStreamIsResumed(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.tool("poll", func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		host.ExchangeOf(ctx).CloseStream()
		return f.wait(ctx, r)
	})
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	session := w.greet("2025-11-25")
	a := w.post(callLine("1", "poll", `{"label":"x"}`), session...)
	if a.body != "id: 1_0\nretry: 1000\ndata: \n\n" {
		t.Fatalf("the stream that was closed early is %q", a.body)
	}
	f.release <- struct{}{}
	for range 2 { // a client that lost the first reply asks again
		lines := w.open(t.Context(), http.MethodGet, "", append([]string{mcp.HeaderLastEventID, "1_0"}, session...)...)
		if got := nextData(t, lines); !strings.Contains(got, "waited x") {
			t.Errorf("resumed with %s", got)
		}
		if lines.Scan() && lines.Text() != "" || lines.Scan() {
			t.Errorf("then came %s", lines.Text())
		}
	}
	if a := w.do(w.request(t.Context(), http.MethodGet, "", append([]string{mcp.HeaderLastEventID, "1_1"}, session...)...)); a.StatusCode != http.StatusNoContent {
		t.Errorf("after the last event: %d", a.StatusCode)
	}
	if a := w.do(w.request(t.Context(), http.MethodGet, "", append([]string{mcp.HeaderLastEventID, "1_0"}, w.greet("2025-11-25")...)...)); a.StatusCode != http.StatusBadRequest {
		t.Errorf("another session's stream: %d", a.StatusCode)
	}
}

// TestLostConnectionIsResumed loses the connection in the middle of a call that asks its client something.
func TestLostConnectionIsResumed(t *testing.T) {
	t.Parallel()
	f := newFixture()
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	session := w.greet("2025-11-25")
	ctx, lose := context.WithCancel(t.Context())
	lines := w.open(ctx, http.MethodPost, callLine("1", "elicit", "{}"), session...)
	if got := nextData(t, lines); !strings.Contains(got, "elicitation/create") {
		t.Fatalf("first came %s", got)
	}
	lose()
	if a := w.post(`{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}`, session...); a.StatusCode != http.StatusAccepted {
		t.Errorf("the client's answer: %d %s", a.StatusCode, a.body)
	}
	lines = w.open(t.Context(), http.MethodGet, "", append([]string{mcp.HeaderLastEventID, "1_1"}, session...)...)
	if got := nextData(t, lines); !strings.Contains(got, `"text":"decline"`) {
		t.Errorf("resumed with %s", got)
	}
}

// TestBatchOnHTTP is the one revision that has batches.
func TestBatchOnHTTP(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	session := w.greet("2025-03-26")
	a := w.post("["+callLine("1", "echo", `{"text":"hi"}`)+`,{"jsonrpc":"2.0","id":2,"method":"ping"}]`, session...)
	var answers []json.RawMessage
	if err := json.Unmarshal([]byte(a.body), &answers); err != nil || len(answers) != 2 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = w.post(`[{"jsonrpc":"2.0","method":"notifications/initialized"}]`, session...)
	if a.StatusCode != http.StatusAccepted || a.body != "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = w.post(`[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"progress","arguments":{"n":2},"_meta":{"progressToken":"t"}}}]`, session...)
	if events := a.events(); len(events) != 3 || !strings.HasPrefix(events[2], `[{"jsonrpc":"2.0","id":1,"result"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// TestSessionsBelongToTheirCallers has another caller use a session's id.
func TestSessionsBelongToTheirCallers(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.tool("whoami", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("I am " + access.CallerOf(ctx).Name), nil
	})
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	w.asCallers()
	session := w.greet("2025-11-25", "Caller", "ann")
	if a := w.post(callLine("1", "whoami", "{}"), session...); !strings.Contains(a.body, "I am ann") {
		t.Errorf("ann got %s", a.body)
	}
	line := modernLine("1", "tools/call", `"name":"whoami"`)
	if a := w.modern(line, "Caller", "eve"); !strings.Contains(a.body, "I am eve") {
		t.Errorf("eve got %s", a.body)
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		for _, other := range [][]string{{"Caller", "eve"}, {"Caller", "ann", "Rule", "another"}} {
			a := w.do(w.request(t.Context(), method, callLine("1", "whoami", "{}"), append(other, session[:2]...)...))
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s by %v got %d %s", method, other, a.StatusCode, a.body)
			}
		}
	}
}

// TestShutdown lets a call end, closes the streams and refuses what is new.
func TestShutdown(t *testing.T) {
	t.Parallel()
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, nil)
	w := serveWeb(t, tr)
	session := w.greet("2025-11-25")
	notes := w.open(t.Context(), http.MethodGet, "", session...)
	line := modernLine("7", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`)
	listen := w.open(t.Context(), http.MethodPost, line, modernHeaders(t, line)...)
	nextData(t, listen)
	result := make(chan answered, 1)
	go func() { result <- w.post(callLine("1", "wait", `{"label":"x"}`), session...) }()
	within(t, f.started, "a call")
	ended := make(chan error, 1)
	go func() { ended <- tr.Shutdown(t.Context()) }()
	for notes.Scan() { // until the end of the stream
	}
	if got := nextData(t, listen); !strings.Contains(got, `"id":7,"result"`) || !strings.Contains(got, `subscriptionId":7`) {
		t.Errorf("the subscription ended with %s", got)
	}
	if a := w.post(callLine("2", "echo", "{}"), session...); a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("a new call: %d %s", a.StatusCode, a.body)
	}
	f.release <- struct{}{}
	if a := within(t, result, "the answer"); !strings.Contains(a.body, "waited x") {
		t.Errorf("the running call got %s", a.body)
	}
	if err := within(t, ended, "the end"); err != nil {
		t.Error(err)
	}
}

// TestShutdownIsBounded has a call that does not end by itself.
func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, nil)
	w := serveWeb(t, tr)
	session := w.greet("2025-11-25")
	r := w.request(t.Context(), http.MethodPost, callLine("1", "wait", `{"label":"x"}`), session...)
	go func() {
		if response, err := w.Do(r); err == nil {
			_ = response.Body.Close()
		}
	}()
	within(t, f.started, "a call")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := tr.Shutdown(ctx); err == nil {
		t.Error("no error although a call was cut")
	}
	within(t, f.canceled, "the cancel")
}

// TestClientThatDoesNotReadAStreamIsLeft has a client that sends a call and never reads: its connection ends, others
// are not held up, and nothing of it is left.
func TestClientThatDoesNotReadAStreamIsLeft(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.tool("flood", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		text := strings.Repeat("x", 1<<16)
		f.started <- "flood"
		for ctx.Err() == nil {
			_ = f.SendLogMessageToClient(ctx, mcp.NewLoggingMessageNotification(mcp.LoggingLevelInfo, "test", text))
		}
		return nil, ctx.Err()
	})
	tr := newTestTransport(t, f.MCPServer, func(c *Config) { c.Limits.WriteTimeout = 50 * time.Millisecond })
	w := serveWeb(t, tr)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	body := strings.Replace(modernLine("1", "tools/call", `"name":"flood"`), `"_meta":{`, `"_meta":{"io.modelcontextprotocol/logLevel":"info",`, 1)
	_, _ = fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Protocol-Version: 2026-07-28\r\n"+
		"Mcp-Method: tools/call\r\nMcp-Name: flood\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	within(t, f.started, "the call")
	if a := w.post(strings.TrimSpace(hello)); a.StatusCode != http.StatusOK {
		t.Errorf("another client: %d", a.StatusCode)
	}
	within(t, tr.gate.empty(), "the end of the call")
}
