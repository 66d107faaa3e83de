package transport

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n"

// TestStdioSpeaksEveryRevision has one handshake per revision, and the era without one on the same connection.
func TestStdioSpeaksEveryRevision(t *testing.T) {
	t.Parallel()
	for _, revision := range mcp.LegacyProtocolVersions() {
		c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
		c.greet(revision)
		if got := c.exchange("%s", callLine("7", "echo", `{"text":"hi"}`)); !strings.Contains(got, `"id":7,"result":{"content":[{"type":"text","text":"hi"}]`) {
			t.Errorf("%s: %s", revision, got)
		}
		if got := c.exchange("%s", modernLine(`"m"`, "tools/call", `"name":"echo","arguments":{"text":"ho"}`)); !strings.Contains(got, `"resultType":"complete"`) || !strings.Contains(got, `"id":"m"`) {
			t.Errorf("2026-07-28 after %s: %s", revision, got)
		}
	}
}

// TestStdioRefuses sends what is not right. The connection lives on after each line.
func TestStdioRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ line, want string }{
		"broken JSON":        {`{"jsonrpc":"2.0","id":1,`, `"id":null,"error":{"code":-32700`},
		"not an object":      {`"hello"`, `"id":null,"error":{"code":-32600`},
		"no version":         {`{"id":1,"method":"ping"}`, `"id":1,"error":{"code":-32600`},
		"old version":        {`{"jsonrpc":"1.0","id":1,"method":"ping"}`, `"id":1,"error":{"code":-32600`},
		"null id":            {`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `"id":null,"error":{"code":-32600`},
		"fractional id":      {`{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, `"id":null,"error":{"code":-32600`},
		"exponent id":        {`{"jsonrpc":"2.0","id":1e400,"method":"ping"}`, `"id":null,"error":{"code":-32600`},
		"object id":          {`{"jsonrpc":"2.0","id":{},"method":"ping"}`, `"id":null,"error":{"code":-32600`},
		"long id":            {`{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 2000) + `","method":"ping"}`, `"id":null,"error":{"code":-32600`},
		"method of a number": {`{"jsonrpc":"2.0","id":1,"method":5}`, `"id":1,"error":{"code":-32600`},
		"neither":            {`{"jsonrpc":"2.0","id":1}`, `"id":1,"error":{"code":-32600`},
		"params of an array": {`{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`, `"id":1,"error":{"code":-32602`},
		"unknown method":     {`{"jsonrpc":"2.0","id":1,"method":"no/such"}`, `"id":1,"error":{"code":-32601`},
		"unknown modern":     {modernLine("1", "no/such", ""), `"id":1,"error":{"code":-32601`},
		"removed method":     {modernLine("1", "ping", ""), `"id":1,"error":{"code":-32601`},
		"future revision":    {strings.ReplaceAll(modernLine("1", "tools/list", ""), "2026-07-28", "2030-01-01"), `"id":1,"error":{"code":-32022`},
		"unknown tool":       {callLine("1", "no_such", "{}"), `"id":1,"error":{"code":-32602`},
		"empty batch":        {`[]`, `"id":null,"error":{"code":-32600`},
		"batch":              {`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `"id":null,"error":{"code":-32600`},
		"broken batch":       {`[{]`, `"id":null,"error":{"code":-32700`},
		"task of 2025-11-25": {`{"jsonrpc":"2.0","id":1,"method":"tasks/list"}`, `"id":1,"error":{"code":-32601`},
		"deep nesting":       {`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}}`, `"id":null,"error":{"code":-32700`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
			c.greet("2025-11-25")
			if got := c.exchange("%s", tc.line); !strings.Contains(got, tc.want) {
				t.Errorf("got %.300s, want %s", got, tc.want)
			}
			if got := c.exchange(`{"jsonrpc":"2.0","id":2,"method":"ping"}`); got != `{"jsonrpc":"2.0","id":2,"result":{}}` {
				t.Errorf("the connection does not live on: %s", got)
			}
		})
	}
}

// TestStdioIgnores sends what has no answer, and then asks for one.
func TestStdioIgnores(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	for _, line := range []string{
		"", "   ", "\r",
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled"}`,
		`{"jsonrpc":"2.0","method":"notifications/no-such","params":[]}`,
		`{"jsonrpc":"2.0","id":5,"result":{}}`,
		`{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"m"}}`,
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"m"}}`,
		`{"jsonrpc":"2.0","error":{"code":-32600,"message":"m"}}`,
		`{"jsonrpc":"2.0","id":1.5,"result":{}}`,
		`{"id":{},"error":null}`,
	} {
		c.send("%s", line)
	}
	if got := c.exchange(`{"jsonrpc":"2.0","id":2,"method":"ping"}` + "\r"); got != `{"jsonrpc":"2.0","id":2,"result":{}}` {
		t.Errorf("a ping before initialize got %s", got)
	}
}

// TestIDsComeBackAsTheyWere has ids that a float64 cannot hold, or that look alike.
func TestIDsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	f := newFixture()
	c := dial(t, newTestTransport(t, f.MCPServer, nil))
	c.greet("2025-11-25")
	ids := []string{"9007199254740993", "-9007199254740993", "123456789012345678901234567890", `"1"`, `"9007199254740993"`, `"\u0041é\n"`, "0", "-1", `""`}
	for _, id := range ids {
		for _, method := range []string{"ping", "tools/list", "no/such"} {
			if got := c.exchange(`{"jsonrpc":"2.0","id":%s,"method":%q}`, id, method); !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":`+id+`,`) {
				t.Errorf("%s with the id %s: %s", method, id, got)
			}
		}
	}
	c.send("%s", callLine("1", "wait", `{"label":"number"}`))
	c.send("%s", callLine(`"1"`, "wait", `{"label":"text"}`))
	within(t, f.started, "one")
	within(t, f.started, "two")
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"\u0031"}}`)
	if label := within(t, f.canceled, "cancel"); label != "text" {
		t.Errorf("the cancel of %q ended the call %s", "1", label)
	}
	if got := c.exchange("%s", callLine("1", "echo", "{}")); !strings.Contains(got, `"id":1,"error":{"code":-32600`) {
		t.Errorf("an id that is in flight: %s", got)
	}
	f.release <- struct{}{}
	if got := c.read(); !strings.Contains(got, "waited number") {
		t.Errorf("the call of 1 got %s", got)
	}
}

// TestProgressTokenComesBackAsItWas has one that a float64 cannot hold.
func TestProgressTokenComesBackAsItWas(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	got := c.exchange(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"progress","_meta":{"progressToken":9007199254740993}}}`)
	if !strings.Contains(got, `"progressToken":9007199254740993`) {
		t.Errorf("progress came as %s", got)
	}
}

// TestCallsRunBesideEachOther starts more calls than stock mcp-go runs at once. Pings and cancels pass them by.
func TestCallsRunBesideEachOther(t *testing.T) {
	t.Parallel()
	const calls = 200
	f := newFixture()
	c := dial(t, newTestTransport(t, f.MCPServer, func(c *Config) { c.Limits.InFlight = calls }))
	c.greet("2025-11-25")
	for n := range calls {
		c.send("%s", callLine(fmt.Sprint(n), "wait", fmt.Sprintf(`{"label":"%d"}`, n)))
	}
	for range calls {
		within(t, f.started, "a call")
	}
	if got := c.exchange(`{"jsonrpc":"2.0","id":"p","method":"ping"}`); !strings.Contains(got, `"id":"p","result":{}`) {
		t.Errorf("ping: %s", got)
	}
	if got := c.exchange("%s", callLine(`"more"`, "echo", "{}")); !strings.Contains(got, `"id":"more","error":{"code":-32000`) {
		t.Errorf("one call too many: %s", got)
	}
	for n := range calls / 2 {
		c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, n)
	}
	for range calls / 2 {
		within(t, f.canceled, "a cancel")
	}
	close(f.release)
	lines, err := c.rest()
	if err != nil || len(lines) != calls/2 {
		t.Fatalf("%d answers and %v, want one for each call that was not cancelled", len(lines), err)
	}
	for _, line := range lines {
		if strings.Contains(line, "error") {
			t.Error(line)
		}
	}
}

// TestNotificationsComeBeforeTheirResponse runs calls beside each other that report progress without a pause.
func TestNotificationsComeBeforeTheirResponse(t *testing.T) {
	t.Parallel()
	const calls, each = 20, 100
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	for n := range calls {
		c.send(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"progress","arguments":{"n":%d},"_meta":{"progressToken":"t%d"}}}`, n, each, n)
	}
	lines, err := c.rest()
	if err != nil || len(lines) != calls*(each+1) {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for n := range calls {
		next := 0
		for _, line := range lines {
			switch {
			case strings.Contains(line, fmt.Sprintf(`"progressToken":"t%d"`, n)):
				if !strings.Contains(line, fmt.Sprintf(`"progress":%d,`, next)) {
					t.Fatalf("call %d: %s instead of %d", n, line, next)
				}
				next++
			case strings.HasPrefix(line, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,`, n)) && next != each:
				t.Errorf("call %d was answered after %d of %d reports", n, next, each)
			}
		}
	}
}

// TestBurstIsNotLost sends as many reports at once as a queue holds.
func TestBurstIsNotLost(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	c.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"progress","arguments":{"n":%d},"_meta":{"progressToken":"t"}}}`, burst)
	lines, err := c.rest()
	if err != nil || len(lines) != burst+1 || !strings.Contains(lines[burst], `"text":"0"`) {
		t.Errorf("%d lines, %v, the last %s", len(lines), err, lines[len(lines)-1])
	}
}

// TestLogLevel wants info before the client has chosen, and then what it has chosen.
func TestLogLevel(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	if got := c.exchange("%s", callLine("1", "log", "{}")); !strings.Contains(got, `"data":"info"`) {
		t.Errorf("without a choice: %s", got)
	}
	c.read()
	c.exchange(`{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"debug"}}`)
	if got := c.exchange("%s", callLine("3", "log", "{}")); !strings.Contains(got, `"data":"debug"`) {
		t.Errorf("with debug: %s", got)
	}
}

// TestPanicIsAnAnswer has a handler that mcp-go does not recover.
func TestPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	if got := c.exchange("%s", callLine("1", "fail", "{}")); !strings.Contains(got, `"id":1,"error":{"code":-32603`) || strings.Contains(got, "a bug") {
		t.Errorf("got %s", got)
	}
}

// TestBadSchemaIsAnAnswer has a list that cannot be written, which stock mcp-go leaves without an answer.
func TestBadSchemaIsAnAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.AddTool(mcp.NewToolWithRawSchema("bad", "x", []byte(`{"type":`)), nil)
	c := dial(t, newTestTransport(t, f.MCPServer, nil))
	c.greet("2025-11-25")
	if got := c.exchange(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); !strings.Contains(got, `"id":1,"error":{"code":-32603`) {
		t.Errorf("got %s", got)
	}
}

// TestTaskParameterIsIgnored has a call ask for a task of 2025-11-25, which mcp-go would cancel at once.
func TestTaskParameterIsIgnored(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	if got := c.exchange(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","task":{"ttl":60000},"arguments":{"text":"hi"}}}`); !strings.Contains(got, `"text":"hi"`) {
		t.Errorf("got %s", got)
	}
}

// TestBatch is the one revision that has batches.
func TestBatch(t *testing.T) {
	t.Parallel()
	f := newFixture()
	c := dial(t, newTestTransport(t, f.MCPServer, nil))
	c.greet("2025-03-26")
	got := c.exchange(`[%s,{"jsonrpc":"2.0","method":"notifications/no-such"},{"jsonrpc":"2.0","id":2,"method":"ping"},5]`, callLine("1", "echo", `{"text":"hi"}`))
	for _, want := range []string{`"id":1,"result"`, `"id":2,"result":{}`, `"id":null,"error":{"code":-32600`} {
		if !strings.HasPrefix(got, "[") || !strings.HasSuffix(got, "]") || !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	c.send(`[%s,%s]`, callLine("1", "wait", `{"label":"a"}`), callLine("2", "echo", `{"text":"b"}`))
	within(t, f.started, "wait")
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	if got := c.read(); strings.Contains(got, `"id":1`) || !strings.Contains(got, `"id":2`) {
		t.Errorf("with one cancelled: %s", got)
	}
	if got := c.exchange(`{"jsonrpc":"2.0","id":3,"method":"ping"}`); !strings.Contains(got, `"id":3`) {
		t.Errorf("after the batch: %s", got)
	}
}

// TestLineThatIsTooLongIsSkipped sends 100 MB and more.
func TestLineThatIsTooLongIsSkipped(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	answer := make(chan string, 1)
	go func() { answer <- c.read() }()
	part := strings.Repeat("x", 1<<20)
	for range 100 {
		if _, err := io.WriteString(c.in, part); err != nil {
			t.Fatal(err)
		}
	}
	c.send("")
	if got := within(t, answer, "an answer"); !strings.Contains(got, `"id":null,"error":{"code":-32600`) {
		t.Errorf("got %s", got)
	}
	if got := c.exchange(`{"jsonrpc":"2.0","id":2,"method":"ping"}`); !strings.Contains(got, `"id":2,"result":{}`) {
		t.Errorf("then got %s", got)
	}
}

// TestLargeResultArrivesWhole is more than the writer holds at once.
func TestLargeResultArrivesWhole(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	for n := range 4 {
		c.send("%s", callLine(fmt.Sprint(n), "large", `{"bytes":8000000}`))
	}
	lines, err := c.rest()
	if err != nil || len(lines) != 4 || slices.ContainsFunc(lines, func(l string) bool { return len(l) < 8_000_000 }) {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// TestElicitation asks the client of a session and gets its answer, a refusal, and nothing.
func TestElicitation(t *testing.T) {
	t.Parallel()
	f := newFixture()
	c := dial(t, newTestTransport(t, f.MCPServer, nil))
	c.greet("2025-11-25")
	for id, reply := range []string{`"result":{"action":"accept","content":{}}`, `"error":{"code":-1,"message":"no user"}`} {
		ask := c.exchange("%s", callLine(fmt.Sprint(id), "elicit", "{}"))
		if !strings.Contains(ask, `"method":"elicitation/create"`) || !strings.Contains(ask, fmt.Sprintf(`"id":%d,`, id+1)) {
			t.Fatalf("asked %s", ask)
		}
		got := c.exchange(`{"jsonrpc":"2.0","id":%d,%s}`, id+1, reply)
		if want := []string{`"text":"accept"`, "no user"}[id]; !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
		c.send(`{"jsonrpc":"2.0","id":%d,%s}`, id+1, reply) // too late, and ignored
	}
	c.send("%s", callLine("9", "elicit", "{}"))
	c.read()
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}`)
	if got := c.exchange(`{"jsonrpc":"2.0","id":10,"method":"ping"}`); !strings.Contains(got, `"id":10`) {
		t.Errorf("a call that waits for its client was cancelled, and then came %s", got)
	}
}

// TestEndOfInputLetsCallsFinish pipes requests as a script does, the last without a newline.
func TestEndOfInputLetsCallsFinish(t *testing.T) {
	t.Parallel()
	f := newFixture()
	c := dial(t, newTestTransport(t, f.MCPServer, nil))
	c.greet("2025-11-25")
	for n := range 8 {
		c.send("%s", callLine(fmt.Sprint(n), "wait", "{}"))
	}
	for range 8 {
		within(t, f.started, "a call")
	}
	if _, err := io.WriteString(c.in, callLine("8", "echo", "{}")); err != nil {
		t.Fatal(err)
	}
	go func() {
		for range 8 {
			f.release <- struct{}{}
		}
	}()
	lines, err := c.rest()
	if err != nil || len(lines) != 9 || strings.Contains(strings.Join(lines, ""), "error") {
		t.Errorf("%v, %v", lines, err)
	}
}

// TestHalfARequest ends the input in the middle of one.
func TestHalfARequest(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	if _, err := io.WriteString(c.in, `{"jsonrpc":"2.0","id":8,"meth`); err != nil {
		t.Fatal(err)
	}
	lines, err := c.rest()
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], `"id":null,"error":{"code":-32700`) {
		t.Errorf("%v, %v", lines, err)
	}
}

// TestEndOfInputIsBounded has a call that does not end by itself.
func TestEndOfInputIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tr := newTestTransport(t, f.MCPServer, nil)
		var out strings.Builder
		begin := time.Now()
		err := tr.ServeStdio(t.Context(), strings.NewReader(hello+callLine("2", "wait", "{}")+"\n"+modernLine("3", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`)), &out)
		if took := time.Since(begin); err != nil || took != 30*time.Second {
			t.Errorf("ended with %v after %v", err, took)
		}
		if !strings.Contains(out.String(), `"id":2,"error"`) || !strings.Contains(out.String(), `"id":3,"result"`) {
			t.Errorf("a call that was cut, and a subscription, have no answer: %s", out.String())
		}
		time.Sleep(2 * idleTime) // the workers go home
	})
}

// TestWriterThatFailsEndsTheConnection closes the client's end of the output.
func TestWriterThatFailsEndsTheConnection(t *testing.T) {
	t.Parallel()
	f := newFixture()
	c := dial(t, newTestTransport(t, f.MCPServer, nil))
	c.greet("2025-11-25")
	c.send("%s", callLine("1", "wait", "{}"))
	within(t, f.started, "a call")
	_ = c.out.Close()
	c.send(`{"jsonrpc":"2.0","id":2,"method":"ping"}`)
	within(t, f.canceled, "the cancel of the call")
	if err := within(t, c.ended, "the end"); err == nil || !strings.Contains(err.Error(), "the client") {
		t.Errorf("ended with %v", err)
	}
}

// TestClientThatDoesNotReadDoesNotKeepTheServer ends the input while an answer waits for a reader that never comes.
func TestClientThatDoesNotReadDoesNotKeepTheServer(t *testing.T) {
	t.Parallel()
	tr := newTestTransport(t, newFixture().MCPServer, nil)
	reader, writer := io.Pipe() // every write waits for a reader
	t.Cleanup(func() { _ = reader.Close() })
	err := tr.ServeStdio(t.Context(), strings.NewReader(hello), writer)
	if err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("ended with %v", err)
	}
}

// TestClientThatDoesNotReadIsBounded calls large results and reads none; what waits is bounded, and all of it comes.
func TestClientThatDoesNotReadIsBounded(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Limits.WriteBytes = 1 << 20 }))
	c.greet("2025-11-25")
	for n := range 50 {
		c.send("%s", callLine(fmt.Sprint(n), "large", `{"bytes":1000000}`))
	}
	lines, err := c.rest()
	if err != nil || len(lines) != 50 {
		t.Errorf("%d answers, %v", len(lines), err)
	}
}

// TestTwoConnectionsShareNothing has two clients whose ids are the same.
func TestTwoConnectionsShareNothing(t *testing.T) {
	t.Parallel()
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, nil)
	one, two := dial(t, tr), dial(t, tr)
	one.greet("2025-11-25")
	two.greet("2025-11-25")
	one.send("%s", callLine("1", "wait", `{"label":"one"}`))
	within(t, f.started, "one")
	two.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	if got := two.exchange(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); !strings.Contains(got, `"result":{}`) {
		t.Errorf("two got %s", got)
	}
	f.release <- struct{}{}
	if got := one.read(); !strings.Contains(got, "waited one") {
		t.Errorf("one got %s", got)
	}
	two.send(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"progress","arguments":{"n":50},"_meta":{"progressToken":"t"}}}`)
	lines, err := two.rest()
	if err != nil || len(lines) != 51 {
		t.Errorf("two got %d lines, %v", len(lines), err)
	}
	if lines, err := one.rest(); err != nil || len(lines) != 0 {
		t.Errorf("one got %v, %v", lines, err)
	}
}
