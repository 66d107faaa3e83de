package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"mcp-server/internal/access"
)

// wire is a client that speaks plain JSON-RPC, for what no library can do. It keeps all that it is sent, in order.
type wire struct {
	*bench
	modern  bool
	token   string
	session string         // of an older revision on HTTP
	able    map[string]any // the capabilities that it declares

	mu      sync.Mutex
	serial  int
	got     []dict
	closers map[int]func() // of requests on HTTP
}

type dict = map[string]any

const (
	oldRevision = "2025-11-25"
	newRevision = "2026-07-28"
)

// connect makes the client of a server on standard input and output, or one of many on HTTP.
func (s *bench) connect(t *testing.T, modern bool, able dict) *wire {
	t.Helper()
	return s.connectAs(t, "", modern, able)
}

func (s *bench) connectAs(t *testing.T, token string, modern bool, able dict) *wire {
	t.Helper()
	if able == nil {
		able = dict{}
	}
	w := &wire{bench: s, modern: modern, token: token, able: able, closers: map[int]func(){}}
	if s.url == "" {
		go w.read(s.stdout) // ends with the server
	}
	if !modern {
		hello := w.call(t, "initialize", dict{
			"protocolVersion": oldRevision, "capabilities": able, "clientInfo": dict{"name": "wire", "version": "1"},
		})
		if v := dig(hello, "result", "protocolVersion"); v != oldRevision {
			t.Fatalf("greeted with %v", hello)
		}
		w.notify(t, "notifications/initialized", nil)
	}
	return w
}

// read takes messages off lines, which on HTTP are those of an event stream.
func (w *wire) read(from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("data:")))
		var message dict
		if len(line) > 0 && line[0] == '{' && json.Unmarshal(line, &message) == nil {
			w.mu.Lock()
			w.got = append(w.got, message)
			w.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// begin sends a request and returns its id.
func (w *wire) begin(t *testing.T, method string, params dict, more ...dict) int {
	t.Helper()
	w.mu.Lock()
	w.serial++
	id := w.serial
	w.mu.Unlock()
	w.send(t, id, dict{"jsonrpc": "2.0", "id": id, "method": method, "params": w.dressed(params, more...)})
	return id
}

// dressed adds what every request of the new revision says, and more of _meta.
func (w *wire) dressed(params dict, more ...dict) dict {
	all := maps.Clone(params)
	if all == nil {
		all = dict{}
	}
	meta := dict{}
	if w.modern {
		meta = dict{
			"io.modelcontextprotocol/protocolVersion": newRevision, "io.modelcontextprotocol/clientCapabilities": w.able,
			"io.modelcontextprotocol/clientInfo": dict{"name": "wire", "version": "1"},
		}
	}
	for _, m := range more {
		maps.Copy(meta, m)
	}
	if len(meta) > 0 {
		all["_meta"] = meta
	}
	return all
}

func (w *wire) notify(t *testing.T, method string, params dict) {
	t.Helper()
	w.send(t, 0, dict{"jsonrpc": "2.0", "method": method, "params": w.dressed(params)})
}

func (w *wire) send(t *testing.T, id int, message dict) {
	t.Helper()
	body, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if w.url == "" {
		if _, err := w.stdin.Write(append(body, '\n')); err != nil {
			t.Fatalf("writing %s: %v", body, err)
		}
		return
	}
	ctx := t.Context()
	if id > 0 {
		var leave func()
		ctx, leave = context.WithCancel(ctx)
		w.mu.Lock()
		w.closers[id] = leave
		w.mu.Unlock()
	}
	r := w.post(ctx, t, message, body)
	if id == 0 || message["method"] == "initialize" {
		w.exchange(r)
		return
	}
	go w.exchange(r) // ends with the response
}

func (w *wire) post(ctx context.Context, t *testing.T, message dict, body []byte) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
	if w.token != "" {
		headers["Authorization"] = "Bearer " + w.token
	}
	if method, isRequest := message["method"].(string); w.modern && isRequest {
		headers["Mcp-Protocol-Version"], headers["Mcp-Method"] = newRevision, method
		for _, key := range []string{"name", "uri", "taskId"} {
			if name, ok := dig(message, "params", key).(string); ok {
				headers["Mcp-Name"] = name
			}
		}
	} else if w.session != "" {
		headers["Mcp-Protocol-Version"], headers["Mcp-Session-Id"] = oldRevision, w.session
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r
}

func (w *wire) exchange(r *http.Request) {
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return // the test has left, or ended the server
	}
	defer func() { _ = answer.Body.Close() }()
	if session := answer.Header.Get("Mcp-Session-Id"); session != "" {
		w.session = session
	}
	w.read(answer.Body)
}

// leave cancels a request as its transport and revision want it.
func (w *wire) leave(t *testing.T, id int) {
	t.Helper()
	if w.url == "" || !w.modern {
		w.notify(t, "notifications/cancelled", dict{"requestId": id})
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closers[id]()
}

// call sends a request and waits for the response.
func (w *wire) call(t *testing.T, method string, params dict, more ...dict) dict {
	t.Helper()
	return w.await(t, w.begin(t, method, params, more...))
}

func (w *wire) callTool(t *testing.T, tool string, arguments dict, more ...dict) dict {
	t.Helper()
	return w.call(t, "tools/call", dict{"name": tool, "arguments": arguments}, more...)
}

func (w *wire) await(t *testing.T, id int) (response dict) {
	t.Helper()
	waitFor(t, fmt.Sprintf("the response to %d", id), func() bool {
		response = w.responseTo(id)
		return response != nil
	})
	return response
}

// responseTo returns the response, or nil when there is none yet.
func (w *wire) responseTo(id int) dict {
	for _, m := range w.messages() {
		if _, isRequest := m["method"]; !isRequest && m["id"] == float64(id) {
			return m
		}
	}
	return nil
}

func (w *wire) messages() []dict {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]dict{}, w.got...)
}

// said returns the params of all notifications and requests of a method.
func (w *wire) said(method string) (all []dict) {
	for _, m := range w.messages() {
		if m["method"] == method {
			params, _ := m["params"].(dict)
			all = append(all, params)
		}
	}
	return all
}

// asked waits for the n-th request of the server, counted from 1, and returns its id and params.
func (w *wire) asked(t *testing.T, method string, n int) (id any, params dict) {
	t.Helper()
	waitFor(t, "a question", func() bool {
		seen := 0
		for _, m := range w.messages() {
			if m["method"] == method {
				if seen++; seen == n {
					id = m["id"]
					params, _ = m["params"].(dict)
				}
			}
		}
		return id != nil
	})
	return id, params
}

// reply answers a request of the server.
func (w *wire) reply(t *testing.T, id any, result dict) {
	t.Helper()
	w.send(t, 0, dict{"jsonrpc": "2.0", "id": id, "result": result})
}

// awaitTask polls a task until it has the status.
func (w *wire) awaitTask(t *testing.T, id, status string) (task dict) {
	t.Helper()
	waitFor(t, "the task to be "+status, func() bool {
		time.Sleep(20 * time.Millisecond) // each look is a whole request
		r := w.call(t, "tasks/get", dict{"taskId": id})
		task, _ = r["result"].(dict)
		if task == nil {
			t.Fatalf("the task is %v", r)
		}
		return task["status"] == status
	})
	return task
}

// dig follows keys into an dict; nil where there is nothing.
func dig(value any, keys ...string) any {
	for _, key := range keys {
		o, _ := value.(dict)
		value = o[key]
	}
	return value
}

// listen has the server tell of changes: a stream of its own, except on standard input and output before the new revision.
func (w *wire) listen(t *testing.T, filter dict) {
	t.Helper()
	switch {
	case w.modern:
		w.begin(t, "subscriptions/listen", dict{"notifications": filter})
		waitFor(t, "the acknowledgement", func() bool { return len(w.said("notifications/subscriptions/acknowledged")) > 0 })
	case w.url != "":
		r := w.post(t.Context(), t, nil, nil)
		r.Method, r.Body = http.MethodGet, nil
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("opening the stream: %v", err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("opening the stream: %v", answer)
		}
		go w.read(answer.Body) // ends with the test
	}
	if uris, _ := filter["resourceSubscriptions"].([]string); !w.modern {
		for _, uri := range uris {
			w.call(t, "resources/subscribe", dict{"uri": uri})
		}
	}
}

// says returns the first text of a result.
func says(result any) string {
	content, _ := dig(result, "content").([]any)
	if len(content) == 0 {
		return fmt.Sprint(result)
	}
	text, _ := dig(content[0], "text").(string)
	return text
}

// onEach runs a test on both transports, with clients of both revisions.
func onEach(t *testing.T, test func(t *testing.T, overHTTP, modern bool)) {
	t.Helper()
	for _, overHTTP := range []bool{false, true} {
		for _, modern := range []bool{false, true} {
			name := map[bool]string{false: "stdio ", true: "http "}[overHTTP] + map[bool]string{false: oldRevision, true: newRevision}[modern]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, overHTTP, modern)
			})
		}
	}
}

// canAnswer are the capabilities of a client with a person behind it, canWait those of one that knows tasks.
func canAnswer() dict { return dict{"elicitation": dict{}} }

func canWait() dict {
	return dict{"extensions": dict{"io.modelcontextprotocol/tasks": dict{}}}
}

// ownToken is a caller's token, and twoCallers an access file with ada and eve.
func ownToken(caller string) string { return "mcps_a-token-of-" + caller + "-0123456789-0123456789" }

func twoCallers(t *testing.T) string {
	t.Helper()
	text := "callers:\n"
	for _, name := range []string{"ada", "eve"} {
		sum, err := access.Hash(ownToken(name))
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  - name: %s\n    token_sha256: %q\n", name, sum)
	}
	return text
}
