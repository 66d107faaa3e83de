package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
)

// fixture is a bare MCP server with tools that do what a test of a transport needs.
type fixture struct {
	*server.MCPServer
	started  chan string   // the label of each wait that has begun
	release  chan struct{} // lets one wait end
	canceled chan string   // the label of each wait that was cancelled
}

func newFixture() *fixture {
	f := &fixture{
		MCPServer: server.NewMCPServer("fixture", "1", server.WithToolCapabilities(true), server.WithResourceCapabilities(true, true),
			server.WithPromptCapabilities(true), server.WithLogging()),
		started: make(chan string, 10_000), release: make(chan struct{}), canceled: make(chan string, 10_000),
	}
	f.tool("echo", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(r.GetString("text", "")), nil
	})
	f.tool("wait", f.wait)
	f.tool("progress", f.progress)
	f.tool("log", f.log)
	f.tool("elicit", f.elicit)
	f.tool("large", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(strings.Repeat("x", r.GetInt("bytes", 0))), nil
	})
	f.tool("hang", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	f.tool("late", f.late)
	f.tool("fail", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("a bug") })
	f.AddResource(mcp.NewResource("test://a", "a"), func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: "test://a", Text: "a"}}, nil
	})
	return f
}

func (f *fixture) tool(name string, handle server.ToolHandlerFunc) {
	f.AddTool(mcp.NewToolWithRawSchema(name, "A tool of a test.", json.RawMessage(`{"type":"object"}`)), handle)
}

func (f *fixture) wait(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	label := r.GetString("label", "")
	f.started <- label
	select {
	case <-f.release:
		return mcp.NewToolResultText("waited " + label), nil
	case <-ctx.Done():
		f.canceled <- label
		return nil, context.Cause(ctx)
	}
}

func (f *fixture) progress(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	refused := 0
	for n := range r.GetInt("n", 1) {
		if f.SendNotificationToClient(ctx, "notifications/progress", map[string]any{
			"progressToken": r.Params.Meta.ProgressToken, "progress": n,
		}) != nil {
			refused++
		}
	}
	return mcp.NewToolResultText(fmt.Sprint(refused)), nil
}

// late reports progress once it is released, whether it was cancelled or not.
func (f *fixture) late(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	f.started <- "late"
	<-f.release
	return f.progress(ctx, r)
}

func (f *fixture) log(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	for _, level := range []mcp.LoggingLevel{mcp.LoggingLevelDebug, mcp.LoggingLevelInfo} {
		err := f.SendLogMessageToClient(ctx, mcp.NewLoggingMessageNotification(level, "test", string(level)))
		if err != nil {
			return nil, err
		}
	}
	return mcp.NewToolResultText("logged"), nil
}

func (f *fixture) elicit(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	f.started <- "elicit"
	r, err := f.RequestElicitation(ctx, mcp.ElicitationRequest{Params: mcp.ElicitationParams{
		Message: "sure?", RequestedSchema: map[string]any{"type": "object", "properties": map[string]any{}},
	}})
	if err != nil {
		return mcp.NewToolResultError(err.Error()), nil
	}
	return mcp.NewToolResultText(string(r.Action)), nil
}

func newTestTransport(t testing.TB, s *server.MCPServer, change func(*Config)) *Transport {
	t.Helper()
	cfg := Config{MCP: s, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// conn is a client at the other end of a transport's standard input and output.
type conn struct {
	t     testing.TB
	in    *io.PipeWriter
	lines *bufio.Scanner
	out   *io.PipeReader
	ended chan error
}

func dial(t testing.TB, tr *Transport) *conn {
	t.Helper()
	inReader, in := io.Pipe()
	out, outWriter := io.Pipe()
	c := &conn{t: t, in: in, out: out, lines: scanner(out), ended: make(chan error, 1)}
	go func() {
		c.ended <- tr.ServeStdio(context.WithoutCancel(t.Context()), inReader, outWriter)
		_ = outWriter.Close()
	}()
	t.Cleanup(func() {
		_ = in.Close()
		_ = out.Close()
		_ = inReader.Close()
	})
	return c
}

func (c *conn) send(format string, args ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.in, format+"\n", args...); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

func scanner(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 64<<20)
	return s
}

// read returns the next line.
func (c *conn) read() string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("the server has ended: %v", c.lines.Err())
	}
	if !json.Valid(c.lines.Bytes()) {
		c.t.Fatalf("not JSON: %.200s", c.lines.Text())
	}
	return c.lines.Text()
}

// exchange sends a message and returns the next line.
func (c *conn) exchange(format string, args ...any) string {
	c.t.Helper()
	c.send(format, args...)
	return c.read()
}

// rest ends the input and returns all that still comes.
func (c *conn) rest() (lines []string, err error) {
	c.t.Helper()
	_ = c.in.Close()
	for c.lines.Scan() {
		lines = append(lines, c.lines.Text())
	}
	return lines, <-c.ended
}

func (c *conn) greet(revision string) {
	c.t.Helper()
	got := c.exchange(`{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":%q,"capabilities":{"elicitation":{}},"clientInfo":{"name":"t","version":"1"}}}`, revision)
	if !strings.Contains(got, `"protocolVersion":"`) {
		c.t.Fatalf("initialize: %s", got)
	}
	c.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
}

func callLine(id, tool, arguments string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `}}`
}

const modernMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

func modernLine(id, method, params string) string {
	if params != "" {
		params = "," + params
	}
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":{` + modernMeta + params + `}}`
}

// web is an HTTP server and a client.
type web struct {
	t   testing.TB
	tr  *Transport
	url string
	*http.Client
	server *httptest.Server
}

// asCallers has the headers Caller and Rule say who a request comes from.
func (w *web) asCallers() {
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		caller := access.Caller{Name: r.Header.Get("Caller"), Rule: r.Header.Get("Rule")}
		w.tr.Handler().ServeHTTP(rw, r.WithContext(access.WithCaller(r.Context(), caller)))
	})
}

func serveWeb(t testing.TB, tr *Transport) *web {
	t.Helper()
	s := httptest.NewServer(tr.Handler())
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return &web{t: t, tr: tr, url: s.URL, Client: s.Client(), server: s}
}

// answered is an HTTP response, read to its end.
type answered struct {
	*http.Response
	body string
}

// events are the data of an event stream.
func (a answered) events() (data []string) {
	for line := range strings.Lines(a.body) {
		if value, ok := strings.CutPrefix(line, "data: "); ok && strings.TrimSpace(value) != "" {
			data = append(data, strings.TrimSpace(value))
		}
	}
	return data
}

func (w *web) request(ctx context.Context, method, body string, headers ...string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, w.url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func (w *web) do(r *http.Request) answered {
	w.t.Helper()
	response, err := w.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{response, string(body)}
}

func (w *web) post(body string, headers ...string) answered {
	w.t.Helper()
	return w.do(w.request(w.t.Context(), http.MethodPost, body, headers...))
}

// open sends a request and leaves the body to be read.
func (w *web) open(ctx context.Context, method, body string, headers ...string) *bufio.Scanner {
	w.t.Helper()
	response, err := w.Do(w.request(ctx, method, body, headers...))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 64<<20)
	return lines
}

// greet begins a session and returns the header that names it.
func (w *web) greet(revision string, headers ...string) []string {
	w.t.Helper()
	a := w.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{"elicitation":{}},"clientInfo":{"name":"t","version":"1"}}}`, revision), headers...)
	id := a.Header.Get(mcp.HeaderSessionID)
	if a.StatusCode != http.StatusOK || id == "" {
		w.t.Fatalf("initialize: %d %s", a.StatusCode, a.body)
	}
	return append([]string{mcp.HeaderSessionID, id}, headers...)
}

// modern posts a request of 2026-07-28 with the headers that it needs.
func (w *web) modern(line string, headers ...string) answered {
	w.t.Helper()
	return w.post(line, append(modernHeaders(w.t, line), headers...)...)
}

func modernHeaders(t testing.TB, line string) []string {
	t.Helper()
	m, problem := parse([]byte(line))
	if problem != nil {
		t.Fatal(problem)
	}
	headers := []string{mcp.HeaderProtocolVersion, m.version(), mcp.HeaderMethod, m.method}
	if name, ok := mcp.ExtractHeaderName(mcp.MCPMethod(m.method), m.params.raw); ok {
		headers = append(headers, mcp.HeaderName, name)
	}
	return headers
}

// nextData returns the data of the next event that has any.
func nextData(t testing.TB, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "" {
			return data
		}
	}
	t.Fatalf("the stream has ended: %v", lines.Err())
	return ""
}

// within fails a test that would hang.
func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened: " + what)
		panic("unreachable")
	}
}

func contextWithin(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}
