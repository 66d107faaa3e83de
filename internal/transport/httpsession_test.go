package transport

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// serve answers one request without a network.
func serve(tr *Transport, method, body string, headers ...string) *httptest.ResponseRecorder {
	return serveIn(context.Background(), tr, method, body, headers...)
}

func serveIn(ctx context.Context, tr *Transport, method, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, "/mcp", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	tr.Handler().ServeHTTP(w, r)
	return w
}

func sessionIn(t testing.TB, w *httptest.ResponseRecorder) []string {
	t.Helper()
	id := w.Header().Get(mcp.HeaderSessionID)
	if id == "" {
		t.Fatalf("no session: %d %s", w.Code, w.Body)
	}
	return []string{mcp.HeaderSessionID, id}
}

const pingLine = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// TestIdleSessionsEnd leaves one session alone, uses another, and has a third listen.
func TestIdleSessionsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tr := newTestTransport(t, f.MCPServer, nil)
		left, used, listens, calls := sessionIn(t, serve(tr, "POST", hello)), sessionIn(t, serve(tr, "POST", hello)), sessionIn(t, serve(tr, "POST", hello)), sessionIn(t, serve(tr, "POST", hello))
		ctx, cancel := context.WithCancel(t.Context())
		var open sync.WaitGroup
		open.Go(func() { serveIn(ctx, tr, "GET", "", listens...) })
		open.Go(func() { serveIn(ctx, tr, "POST", callLine("1", "wait", "{}"), calls...) })
		for range 8 {
			time.Sleep(10 * time.Minute)
			if w := serve(tr, "POST", pingLine, used...); w.Code != http.StatusOK {
				t.Fatalf("a session that is used: %d", w.Code)
			}
		}
		for name, tc := range map[string]struct {
			session []string
			status  int
		}{"left alone": {left, 404}, "listening": {listens, 200}, "calling": {calls, 200}} {
			if w := serve(tr, "POST", `{"jsonrpc":"2.0","id":2,"method":"ping"}`, tc.session...); w.Code != tc.status {
				t.Errorf("the session %s: %d", name, w.Code)
			}
		}
		f.release <- struct{}{}
		cancel()
		open.Wait()
		time.Sleep(2 * time.Hour)
		if n := sessionsOf(tr); n != 0 || len(tr.sessions.counts) != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// TestSessionsAreBounded begins one more than is allowed, while the others are idle and while they are not.
func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	tr := newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Limits.SessionsPerCaller = 2 })
	first := sessionIn(t, serve(tr, "POST", hello))
	second := sessionIn(t, serve(tr, "POST", hello))
	serve(tr, "POST", pingLine, first...)
	third := sessionIn(t, serve(tr, "POST", hello))
	for name, tc := range map[string]struct {
		session []string
		status  int
	}{"oldest": {second, 404}, "used": {first, 200}, "newest": {third, 200}} {
		if w := serve(tr, "POST", pingLine, tc.session...); w.Code != tc.status {
			t.Errorf("the %s session: %d", name, w.Code)
		}
	}
	for _, s := range tr.sessions.byID {
		s.hold()
	}
	if w := serve(tr, "POST", hello); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a session when all are in use: %d", w.Code)
	}
}

// TestDeletedSessionsAreGone cancels what runs in the session, too.
func TestDeletedSessionsAreGone(t *testing.T) {
	t.Parallel()
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, nil)
	session := sessionIn(t, serve(tr, "POST", hello))
	go serve(tr, "POST", callLine("1", "wait", "{}"), session...)
	within(t, f.started, "a call")
	if w := serve(tr, "DELETE", "", session...); w.Code != http.StatusNoContent {
		t.Errorf("DELETE: %d", w.Code)
	}
	within(t, f.canceled, "the cancel")
	if w := serve(tr, "POST", pingLine, session...); w.Code != http.StatusNotFound {
		t.Errorf("after it: %d", w.Code)
	}
}

// TestKeepAlive wants comments on a silent stream, and a call that takes long to become one.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tr := newTestTransport(t, f.MCPServer, nil)
		session := sessionIn(t, serve(tr, "POST", hello))
		answer := make(chan *httptest.ResponseRecorder)
		go func() { answer <- serve(tr, "POST", callLine("1", "wait", "{}"), session...) }()
		time.Sleep(50 * time.Second)
		f.release <- struct{}{}
		got := (<-answer).Body.String()
		if !strings.HasPrefix(got, "id: 1_0\nretry: 1000\ndata: \n\n") || strings.Count(got, ": keep-alive\n\n") != 3 || !strings.Contains(got, "waited") {
			t.Errorf("got %s", got)
		}
		serve(tr, "DELETE", "", session...)
		time.Sleep(2 * idleTime) // the workers go home
	})
}

// TestTenThousandClientsLeaveNothing has clients come and go in every way that there is.
func TestTenThousandClientsLeaveNothing(t *testing.T) {
	f := newFixture()
	tr := newTestTransport(t, f.MCPServer, func(c *Config) { c.Limits.SessionTTL = 5 * time.Millisecond })
	line := modernLine("1", "tools/call", `"name":"hang","arguments":{}`)
	list := modernLine("1", "tools/list", "")
	listen := modernLine("1", "subscriptions/listen", `"notifications":{"toolsListChanged":true,"resourceSubscriptions":["test://a"]}`)
	gone, leave := context.WithCancel(context.Background())
	leave()
	for name, tc := range map[string]struct {
		clients int
		visit   func()
	}{
		"abandoned": {10_000, func() { serve(tr, "POST", hello) }},
		"deleted":   {10_000, func() { serve(tr, "DELETE", "", sessionIn(t, serve(tr, "POST", hello))...) }},
		"modern":    {10_000, func() { serve(tr, "POST", list, modernHeaders(t, list)...) }},
		"aborted":   {10_000, func() { serveIn(gone, tr, "POST", line, modernHeaders(t, line)...) }},
		"listening": {2000, func() { serveIn(gone, tr, "POST", listen, modernHeaders(t, listen)...) }},
		"aborted in a session": {2000, func() {
			session := sessionIn(t, serve(tr, "POST", hello))
			serveIn(gone, tr, "POST", callLine("1", "log", "{}"), session...)
			serveIn(gone, tr, "GET", "", session...)
		}},
	} {
		tc.visit() // what is made once
		settle(t, tr)
		goroutines, heap := usage()
		for range tc.clients {
			tc.visit()
		}
		settle(t, tr)
		after, heapAfter := usage()
		if after > goroutines+10 || heapAfter > heap+4<<20 {
			t.Errorf("%s: from %d goroutines and %d KiB to %d and %d", name, goroutines, heap>>10, after, heapAfter>>10)
		}
		if tr.logged.Load() != 0 || tr.gate.all != 0 || tr.streams.all != 0 || len(tr.board.hearers) != 0 {
			t.Errorf("%s: left %d logged bytes, %d calls, %d streams, %d hearers", name, tr.logged.Load(), tr.gate.all, tr.streams.all, len(tr.board.hearers))
		}
	}
}

// settle waits until the sessions and the calls have ended and the workers have gone home.
func settle(t *testing.T, tr *Transport) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	left := func() int { return sessionsOf(tr) + int(tr.workers.idle.Load()) }
	within(t, tr.gate.empty(), "the end of the calls")
	within(t, tr.streams.empty(), "the end of the streams")
	for left() > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions and workers are left", left())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func sessionsOf(tr *Transport) int {
	tr.sessions.mu.Lock()
	defer tr.sessions.mu.Unlock()
	return len(tr.sessions.byID)
}

func usage() (goroutines int, heap int64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int64(m.HeapAlloc)
}

// TestNoAnswerCanCome ends questions when their answers would be refused.
func TestNoAnswerCanCome(t *testing.T) {
	t.Parallel()
	var a asks
	id, reply, err := a.begin()
	if err != nil {
		t.Fatal(err)
	}
	a.abandon()
	if m := <-reply; m != nil {
		t.Errorf("answered with %+v", m)
	}
	a.answered(&message{id: []byte(id)}) // too late
	a.end(id)
	if _, _, err := a.begin(); err == nil {
		t.Error("one more question was asked")
	}
	a.abandon()
}
