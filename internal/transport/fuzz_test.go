package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// quick ends what does not end by itself.
func quick(c *Config) {
	c.Limits.DrainGrace, c.Limits.LineBytes, c.Limits.BodyBytes = 20*time.Millisecond, 1<<16, 1<<16
}

func seeds(f *testing.F) {
	for _, s := range []string{
		hello, pingLine, callLine("1", "echo", `{"text":"x"}`), callLine("1", "hang", "{}"), callLine(`"a"`, "log", "{}"),
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}`, `[{"jsonrpc":"2.0","error":null},{"jsonrpc":"2.0","id":1,"method":"ping"}]`,
		`{"jsonrpc":"2.0","id":1,"result":{}}`, `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, "[]", "{", "null", "\x00\xff",
		modernLine("1", "tools/list", ""), modernLine("2", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`),
		modernLine("3", "tasks/get", `"taskId":"t"`), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","task":{},"Task":1}}`,
	} {
		f.Add([]byte(s))
	}
}

// FuzzStdio reads lines from anyone: it ends, and writes JSON lines, one answer for each request at most, and exactly
// one where nothing was cancelled.
func FuzzStdio(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		tr := newTestTransport(t, newFixture().MCPServer, quick)
		var out bytes.Buffer
		if err := tr.ServeStdio(t.Context(), bytes.NewReader(input), &out); err != nil {
			t.Fatal(err)
		}
		answers := map[string]int{}
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) || line[len(line)-1] != '\n' {
				t.Fatalf("not a line of JSON: %q", line)
			}
			if m, problem := parse(bytes.TrimSpace(line)); problem == nil && m.method == "" && m.id != nil {
				answers[idKey(m.id)]++
			}
		}
		wanted, exact := requestsIn(input)
		for key, n := range wanted {
			if answers[key] > n || exact && answers[key] != n {
				t.Fatalf("%d answers to %d requests of %s: %s", answers[key], n, key, out.Bytes())
			}
		}
	})
}

// requestsIn counts what must be answered with its id. A batch or a cancel leaves it open how often.
func requestsIn(input []byte) (byID map[string]int, exact bool) {
	byID, exact = map[string]int{}, true
	for line := range bytes.Lines(input) {
		line = bytes.TrimSpace(line)
		if isBatch(line) || len(line) > 1<<16-10 {
			return nil, false
		}
		m, _ := parse(line)
		if m.id != nil {
			byID[idKey(m.id)]++
		}
		if m.method == "" && m.id != nil || m.method == string(mcp.MethodNotificationCancelled) {
			exact = false // a response has no answer, or an error as one that cannot be read
		}
	}
	return byID, exact
}

// FuzzHTTP sends any body, in a session or without a handshake, to the handler: it answers, with JSON or events of it.
func FuzzHTTP(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		tr := newTestTransport(t, newFixture().MCPServer, quick)
		session := sessionIn(t, serve(tr, "POST", hello))
		ctx, stop := contextWithin(t, 20*time.Millisecond)
		defer stop()
		modern := []string{mcp.HeaderProtocolVersion, "2026-07-28"}
		if m, problem := parse(body); problem == nil && !strings.ContainsAny(m.method, "\r\n") {
			modern = append(modern, mcp.HeaderMethod, m.method, mcp.HeaderName, text(m.params.TaskID))
		}
		for _, headers := range [][]string{session, modern, nil} {
			w := serveIn(ctx, tr, "POST", string(body), headers...)
			if w.Code == http.StatusInternalServerError {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			switch content := w.Body.Bytes(); w.Header().Get("Content-Type") {
			case "application/json":
				if !json.Valid(content) {
					t.Fatalf("not JSON: %s", content)
				}
			case "text/event-stream":
				for _, data := range (answered{body: string(content)}).events() {
					if !json.Valid([]byte(data)) {
						t.Fatalf("not JSON: %s", data)
					}
				}
			}
		}
		tr.sessions.close()
	})
}
