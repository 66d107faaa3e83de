package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
)

// TestAbandonedCallsEnd has a client go away from a call that never ends, and take its one place with it.
func TestAbandonedCallsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Limits.InFlightPerCaller = 1 })
		session := sessionIn(t, serve(tr, "POST", hello))
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			serveIn(ctx, tr, "POST", callLine("1", "hang", "{}"), session...)
		}()
		synctest.Wait()
		leave()
		<-gone
		if w := serve(tr, "POST", hello); w.Code != http.StatusServiceUnavailable {
			t.Errorf("while the call runs: %d", w.Code)
		}
		time.Sleep(tr.cfg.Limits.SessionTTL + time.Minute)
		if w := serve(tr, "POST", hello); w.Code != http.StatusOK {
			t.Errorf("when its session should have ended: %d %s", w.Code, w.Body)
		}
		tr.sessions.close()
		time.Sleep(2 * idleTime)
	})
}

// TestEndedSessionBeginsNothing has a session end while a request is about to begin in it.
func TestEndedSessionBeginsNothing(t *testing.T) {
	t.Parallel()
	tr := newTestTransport(t, newFixture().MCPServer, nil)
	s, err := tr.sessions.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tr.sessions.end(s)
	problem := s.calls.begin([]byte("1"), &flight{cancel: func() {}})
	if problem == nil || problem.Code != codeNoSession {
		t.Errorf("got %v", problem)
	}
}

// TestStoppingRefusesCalls sends a call while the server ends, and another one runs.
func TestStoppingRefusesCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tr := newTestTransport(t, f.MCPServer, nil)
		in, input := io.Pipe()
		output, out := io.Pipe()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tr.ServeStdio(ctx, in, out) }()
		c := &conn{t: t, in: input, lines: scanner(output)}
		c.greet("2025-11-25")
		c.send("%s", callLine("1", "wait", `{"label":"a"}`))
		<-f.started
		stop()
		synctest.Wait()
		for _, line := range []string{callLine("2", "wait", "{}"), modernLine("2", "tools/list", "")} {
			if got := c.exchange("%s", line); !strings.Contains(got, `"id":2,"error":{"code":-32000`) {
				t.Errorf("a call while the server ends: %s", got)
			}
		}
		f.release <- struct{}{}
		if got := c.read(); !strings.Contains(got, "waited a") {
			t.Errorf("the call that ran before: %s", got)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = input.Close()
		time.Sleep(2 * idleTime)
	})
}

const lateBatch = `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"late","arguments":{},"_meta":{"progressToken":"first"}}},` +
	`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"late","arguments":{},"_meta":{"progressToken":"second"}}}]`

// TestCancelledMemberOfABatchIsSilent cancels one of two calls, both of which go on to report progress.
func TestCancelledMemberOfABatchIsSilent(t *testing.T) {
	t.Parallel()
	const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
	check := func(t *testing.T, got string) {
		t.Helper()
		if strings.Contains(got, `"first"`) || strings.Contains(got, `"id":1`) {
			t.Errorf("something of the cancelled call: %s", got)
		}
		if !strings.Contains(got, `"progressToken":"second"`) || !strings.Contains(got, `"id":2`) {
			t.Errorf("something of the other is missing: %s", got)
		}
	}
	t.Run("HTTP", func(t *testing.T) {
		t.Parallel()
		f := newFixture()
		tr := newTestTransport(t, f.MCPServer, nil)
		session := sessionIn(t, serve(tr, "POST", strings.Replace(hello, "2025-11-25", "2025-03-26", 1)))
		got := make(chan string)
		go func() { got <- serve(tr, "POST", lateBatch, session...).Body.String() }()
		within(t, f.started, "a call")
		within(t, f.started, "a call")
		serve(tr, "POST", cancel, session...)
		f.release <- struct{}{}
		f.release <- struct{}{}
		check(t, within(t, got, "the answer"))
	})
	t.Run("stdio", func(t *testing.T) {
		t.Parallel()
		f := newFixture()
		c := dial(t, newTestTransport(t, f.MCPServer, nil))
		c.greet("2025-03-26")
		c.send("%s", lateBatch)
		within(t, f.started, "a call")
		within(t, f.started, "a call")
		c.send("%s", cancel)
		c.exchange(`{"jsonrpc":"2.0","id":"p","method":"ping"}`) // the cancel was read
		f.release <- struct{}{}
		f.release <- struct{}{}
		lines, err := c.rest()
		if err != nil {
			t.Error(err)
		}
		check(t, strings.Join(lines, "\n"))
	})
}

// TestMemberTakesBackWhatWaits cancels a member whose events are in the shared stream already.
func TestMemberTakesBackWhatWaits(t *testing.T) {
	t.Parallel()
	s := newStream()
	first, second := s.member(), s.member()
	first.push(progressEvent("first", 1))
	events, last, _, _ := s.after(0)
	second.push(progressEvent("second", 1))
	first.push(progressEvent("first", 2))
	s.after(last) // the first one was delivered
	first.discard()
	first.push(progressEvent("first", 3))
	second.push(progressEvent("second", 2))
	rest, _, _, _ := s.after(last)
	var got strings.Builder
	for _, e := range append(events, rest...) {
		fmt.Fprintf(&got, "%s\n", e.data)
	}
	if strings.Count(got.String(), "first") != 1 || strings.Count(got.String(), "second") != 2 || !first.drops("notifications/message") {
		t.Errorf("got %s", got.String())
	}
}

// TestBroadcastsCostLittle tells a thousand sessions to which no stream is open, more often than they could keep.
func TestBroadcastsCostLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		blocked := 0
		hooks := &server.Hooks{}
		hooks.AddOnError(func(context.Context, any, mcp.MCPMethod, any, error) { blocked++ })
		s := server.NewMCPServer("fixture", "1", server.WithToolCapabilities(true), server.WithHooks(hooks))
		tr := newTestTransport(t, s, nil)
		for range 1000 {
			sessionIn(t, serve(tr, "POST", hello))
		}
		for range 10 * waitingNotes {
			s.SendNotificationToAllClients(mcp.MethodNotificationToolsListChanged, nil)
			synctest.Wait()
		}
		for h := range tr.board.hearers {
			session, ok := h.(*session)
			if !ok || len(session.notes.waiting) != 1 || session.notes.more != nil {
				t.Fatalf("%T keeps %d notifications", h, len(session.notes.waiting))
			}
		}
		if blocked != 0 {
			t.Errorf("%d errors, each of a goroutine", blocked)
		}
		tr.sessions.close()
		if len(tr.board.hearers) != 0 {
			t.Error("hearers are left")
		}
		time.Sleep(2 * idleTime)
	})
}

// TestNotesAreBounded changes more resources than are kept, each twice.
func TestNotesAreBounded(t *testing.T) {
	t.Parallel()
	var n notes
	dropped := 0
	for i := range 2 * (waitingNotes + 10) {
		note := mcp.JSONRPCNotification{Notification: mcp.Notification{Method: mcp.MethodNotificationResourceUpdated}}
		note.Params.AdditionalFields = map[string]any{"uri": fmt.Sprint(i / 2)}
		if !n.add(note) {
			dropped++
		}
	}
	<-n.ready()
	if got := n.take(); len(got) != waitingNotes || dropped != 20 {
		t.Errorf("%d are kept and %d dropped", len(got), dropped)
	}
}

// TestTrimmedEventsAreNamed comes back for events of which the first are not kept any more.
func TestTrimmedEventsAreNamed(t *testing.T) {
	t.Parallel()
	for level, said := range map[mcp.LoggingLevel]bool{mcp.LoggingLevelInfo: true, mcp.LoggingLevelError: false} {
		tr := newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Limits.LogEvents = 3 })
		s, err := tr.sessions.open(access.WithCaller(t.Context(), access.Caller{}))
		if err != nil {
			t.Fatal(err)
		}
		s.SetLogLevel(level)
		out := s.log.newStream()
		s.log.adopt(out)
		for n := 1; n <= 5; n++ {
			out.push(progressEvent("t", n))
			out.after(n)
		}
		out.finish(answer{body: []byte(`"the response"`)})
		body := serve(tr, "GET", "", mcp.HeaderSessionID, s.id, mcp.HeaderLastEventID, "1_1").Body.String()
		if strings.Contains(body, "2 messages of this stream are not kept") != said || !strings.Contains(body, "id: 1_4\n") || !strings.Contains(body, "the response") {
			t.Errorf("with the level %s: %s", level, body)
		}
		body = serve(tr, "GET", "", mcp.HeaderSessionID, s.id, mcp.HeaderLastEventID, "1_4").Body.String()
		if strings.Contains(body, "not kept") {
			t.Errorf("nothing is missing: %s", body)
		}
	}
}
