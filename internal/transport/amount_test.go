package transport

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"mcp-server/internal/access"

	"github.com/mark3labs/mcp-go/mcp"
)

const retryAfter = "Retry-After"

func manyValues() string { return "[" + strings.Repeat("{},", maxValues/2) + "{}]" }

// TestTooMuchIsRefused sends what would cost much once it is decoded, in each place that mcp-go decodes.
func TestTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	long, many := `{"x":"`+strings.Repeat("x", 4<<20)+`"}`, `{"x":`+manyValues()+`}`
	for name, tc := range map[string]struct{ line, want string }{
		"long arguments":         {callLine("1", "echo", long), `"isError":true`},
		"many arguments":         {callLine("1", "echo", many), `"isError":true`},
		"many modern arguments":  {modernLine("1", "tools/call", `"name":"echo","arguments":`+many), `"resultType":"complete"`},
		"long arguments, prompt": {`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p","arguments":` + long + `}}`, `"code":-32602`},
		"many in params":         {`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":` + many + `}`, `"code":-32602`},
		"many in _meta":          {`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":` + many + `}}`, `"code":-32602`},
		"many beside params":     {`{"jsonrpc":"2.0","id":1,"method":"tools/list","Result":` + many + `}`, `"code":-32602`},
		"many in a string":       {callLine("1", "echo", `{"text":"\"`+strings.Repeat("[{,:", maxValues)+`"}`), `[{,:[{,:`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTestTransport(t, newFixture().MCPServer, nil)
			c := dial(t, tr)
			c.greet("2025-11-25")
			if got := c.exchange("%s", tc.line); !strings.Contains(got, tc.want) || !strings.Contains(got, `"id":1`) {
				t.Errorf("on standard output: %.300s", got)
			}
			w := serveWeb(t, tr)
			headers := w.greet("2025-11-25")
			if strings.Contains(tc.line, "2026-07-28") {
				headers = []string{mcp.HeaderProtocolVersion, "2026-07-28", mcp.HeaderMethod, "tools/call", mcp.HeaderName, "echo"}
			}
			a := w.post(tc.line, headers...)
			if isError := strings.Contains(tc.want, "code"); !strings.Contains(a.body, tc.want) || isError != (a.StatusCode == http.StatusBadRequest) {
				t.Errorf("on HTTP: %d %.300s", a.StatusCode, a.body)
			}
		})
	}
}

// TestAnswerWithTooManyValues fails the call that has asked.
func TestAnswerWithTooManyValues(t *testing.T) {
	t.Parallel()
	c := dial(t, newTestTransport(t, newFixture().MCPServer, nil))
	c.greet("2025-11-25")
	c.exchange("%s", callLine("7", "elicit", "{}"))
	got := c.exchange("%s", `{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"x":`+manyValues()+`}}}`)
	if !strings.Contains(got, `"id":7`) || !strings.Contains(got, "too many values") {
		t.Errorf("got %.300s", got)
	}
}

// TestRefusingTakesLittle decodes nothing of what it refuses.
func TestRefusingTakesLittle(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	tr := newTestTransport(t, newFixture().MCPServer, nil)
	session := sessionIn(t, serve(tr, "POST", hello))
	for name, part := range map[string]string{"objects": "{},", "numbers": "0,", "arrays": "[[]],"} {
		body := callLine("1", "echo", `{"x":[`+strings.Repeat(part, 8<<20/len(part))+`0]}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if w := serve(tr, "POST", body, session...); !strings.Contains(w.Body.String(), `"isError":true`) {
			t.Fatalf("%d %.300s", w.Code, w.Body)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(8*len(body)) {
			t.Errorf("%s: %d bytes took %d", name, len(body), took)
		}
	}
}

// TestMessagesAreBoundedInMemory fills the memory for messages with a call that runs, and gets it back.
func TestMessagesAreBoundedInMemory(t *testing.T) {
	t.Parallel()
	const most = 100_000
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, func(c *Config) { c.Limits.MessageBytes = 2 * most })
	session := sessionIn(t, serve(tr, "POST", hello))
	modern := modernLine("1", "tools/call", `"name":"wait","arguments":{"x":"`+strings.Repeat("x", 30_000)+`"}`)
	crowded := callLine("1", "wait", `{"x":[`+strings.Repeat("0,", 400)+`0]}`)
	batched := "[" + callLine("2", "wait", `{"x":"`+strings.Repeat("x", 60_000)+`"}`) + "," + callLine("3", "wait", "{}") + "]"
	legacy := sessionIn(t, serve(tr, "POST", strings.Replace(hello, "2025-11-25", "2025-03-26", 1)))
	for name, tc := range map[string]struct {
		body           string
		headers        []string
		fit, beginEach int
	}{
		"modern":  {modern, modernHeaders(t, modern), 3, 1},
		"batch":   {batched, legacy, 1, 2},
		"crowded": {crowded, session, 1, 1},
	} {
		done := make(chan int, tc.fit)
		for range tc.fit {
			go func() { done <- serve(tr, "POST", tc.body, tc.headers...).Code }()
			for range tc.beginEach {
				within(t, f.started, "a call")
			}
		}
		w := serve(tr, "POST", tc.body, tc.headers...)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get(retryAfter) == "" {
			t.Errorf("%s: one more: %d %s", name, w.Code, w.Body)
		}
		other := access.WithCaller(t.Context(), access.Caller{Name: "another"})
		if w := serveIn(other, tr, "POST", hello); w.Code != http.StatusOK {
			t.Errorf("%s: another caller: %d %s", name, w.Code, w.Body)
		}
		for range tc.fit * tc.beginEach {
			f.release <- struct{}{}
		}
		for range tc.fit {
			if code := <-done; code != http.StatusOK {
				t.Errorf("%s: %d", name, code)
			}
		}
		within(t, tr.gate.empty(), "the end of the calls")
		if !tr.memory.take("", most) {
			t.Fatalf("%s: not all of the memory has come back", name)
		}
		if tr.memory.give("", most); len(tr.memory.each) != 0 {
			t.Errorf("%s: callers are left: %v", name, tr.memory.each)
		}
	}
}

func TestCountValues(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int{
		`1`: 1, `{}`: 2, `{"a":1}`: 3, `[1,2]`: 3, `"[,:{\"[\\"`: 1, `["\\",1]`: 3, ``: 1, `"`: 1, `"\`: 1,
	} {
		if got := countValues([]byte(raw)); got != want {
			t.Errorf("%s: %d, want %d", raw, got, want)
		}
	}
}
