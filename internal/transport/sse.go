package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// sseWriter writes an event stream.
type sseWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	begun   bool
	err     error
}

func (t *Transport) newSSE(w http.ResponseWriter) *sseWriter {
	return &sseWriter{w: w, control: http.NewResponseController(w), timeout: t.cfg.Limits.WriteTimeout}
}

func (s *sseWriter) begin() {
	if s.begun {
		return
	}
	s.begun = true
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	s.w.WriteHeader(http.StatusOK)
}

// write sends what is formatted; after an error nothing.
func (s *sseWriter) write(text []byte) {
	s.begin()
	if s.err != nil {
		return
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout)) // not every ResponseWriter has one
	if _, s.err = s.w.Write(text); s.err == nil {
		s.err = s.control.Flush()
	}
}

func (s *sseWriter) comment() { s.write([]byte(": keep-alive\n\n")) }

// reply is how one request is answered.
type reply struct {
	out     *stream
	status  func(code int) int
	session *session        // nil in 2026-07-28
	early   <-chan struct{} // the handler wants the stream closed; nil when that cannot be
}

// reply answers with JSON when the response is all there is, and with an event stream as soon as there is more. It
// returns before the end when the client has gone, or when the handler has closed the stream.
func (t *Transport) reply(w http.ResponseWriter, r *http.Request, p *reply) {
	if p.early == nil {
		defer p.out.discard() // nobody can come back for the rest
	}
	sse := t.newSSE(w)
	alive := time.NewTicker(t.cfg.Limits.KeepAlive)
	defer alive.Stop()
	for number := 0; ; {
		events, last, done, changed := p.out.after(number)
		if !sse.begun && done && len(events) == 1 && events[0].kind == eventResponse {
			writeJSON(w, p.status(events[0].code), events[0].data)
			p.out.after(last)
			return
		}
		switch {
		case done && len(events) == 0: // cancelled: there is nothing to answer, and nothing to come back for
			sse.begin()
		case len(events) > 0:
			t.prime(sse, p)
		}
		t.writeEvents(sse, p.out, number, events)
		if number = last; done || sse.err != nil {
			p.out.after(number)
			return
		}
		select {
		case <-changed:
		case <-p.early:
			t.prime(sse, p)
			return
		case <-alive.C:
			t.prime(sse, p)
			sse.comment()
		case <-r.Context().Done():
			return
		}
	}
}

// prime begins an event stream. A client that can resume it gets an id to come back with before anything else.
func (t *Transport) prime(sse *sseWriter, p *reply) {
	if sse.begun {
		return
	}
	if p.session == nil || p.early == nil {
		sse.begin()
		_ = sse.control.Flush() // an error comes again with the next write
		return
	}
	p.session.log.adopt(p.out)
	sse.write(fmt.Appendf(nil, "id: %s_0\nretry: %d\ndata: \n\n", p.out.id, t.cfg.Limits.Retry.Milliseconds()))
}

// writeEvents writes the events after a number.
func (t *Transport) writeEvents(sse *sseWriter, out *stream, number int, events []event) {
	var text []byte
	for _, e := range events {
		number++
		if e.data == nil {
			continue
		}
		text = text[:0]
		if out.id != "" {
			text = append(append(append(text, "id: "+out.id+"_"...), strconv.Itoa(number)...), '\n')
		}
		text = append(append(append(text, "event: message\ndata: "...), e.data...), "\n\n"...)
		sse.write(text)
	}
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// get serves the session's notifications, or the rest of a stream that was closed.
func (t *Transport) get(w http.ResponseWriter, r *http.Request) {
	if !accepts(r.Header, "text/event-stream") {
		httpError(w, http.StatusNotAcceptable, nil, refuse(mcp.INVALID_REQUEST, "Accept must name text/event-stream"))
		return
	}
	s := t.sessionOf(w, r, nil)
	if s == nil {
		return
	}
	defer s.release()
	caller := s.caller.Name
	if !t.streams.enter(caller) {
		unavailable(w, nil, "too many streams are open")
		return
	}
	defer t.streams.leave(caller)
	if from := r.Header.Get(mcp.HeaderLastEventID); from != "" {
		t.resume(w, r, s, from)
		return
	}
	t.listen(w, r, s)
}

// listen sends what no request asked for, until the client goes, the session ends or another GET takes over.
func (t *Transport) listen(w http.ResponseWriter, r *http.Request, s *session) {
	replaced := s.takeStream()
	notes := s.notes.ready()
	sse := t.newSSE(w)
	sse.begin()
	sse.err = sse.control.Flush()
	alive := time.NewTicker(t.cfg.Limits.KeepAlive)
	defer alive.Stop()
	for sse.err == nil {
		select {
		case <-notes:
			for _, n := range s.notes.take() {
				if e, ok := encodeNote(n); ok {
					t.writeEvents(sse, &stream{}, 0, []event{e})
				}
			}
		case <-alive.C:
			sse.comment()
		case <-replaced:
			return
		case <-s.ended:
			return
		case <-t.stopping:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// sayMissing tells a client that comes back of the events that it has missed and that are not kept any more. What is
// left, the response above all, is worth more than an error.
func (t *Transport) sayMissing(sse *sseWriter, s *session, events int) {
	if events <= 0 || !mcp.LoggingLevelWarning.ShouldSendTo(s.GetLogLevel()) {
		return
	}
	note := mcp.NewLoggingMessageNotification(mcp.LoggingLevelWarning, "transport",
		fmt.Sprintf("%d messages of this stream are not kept any more, and were left out", events))
	if data, err := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "method": note.Method, "params": note.Params}); err == nil {
		sse.write(append(append([]byte("event: message\ndata: "), data...), "\n\n"...))
	}
}

// resume sends what came after an event, and what still comes.
func (t *Transport) resume(w http.ResponseWriter, r *http.Request, s *session, from string) {
	out, number, found := s.log.find(from)
	if !found {
		httpError(w, http.StatusBadRequest, nil, refuse(mcp.INVALID_REQUEST, "the events after "+mcp.HeaderLastEventID+" are not kept any more"))
		return
	}
	sse := t.newSSE(w)
	alive := time.NewTicker(t.cfg.Limits.KeepAlive)
	defer alive.Stop()
	for sse.err == nil {
		events, last, done, changed := out.after(number)
		if !sse.begun && done && len(events) == 0 {
			w.WriteHeader(http.StatusNoContent) // all was delivered: there is nothing to come back for
			return
		}
		sse.begin()
		t.sayMissing(sse, s, last-len(events)-number)
		t.writeEvents(sse, out, last-len(events), events)
		if number = last; done {
			out.after(number)
			return
		}
		_ = sse.control.Flush() // an error comes again with the next write
		select {
		case <-changed:
		case <-alive.C:
			sse.comment()
		case <-s.ended:
			return
		case <-t.stopping:
			return
		case <-r.Context().Done():
			return
		}
	}
}
