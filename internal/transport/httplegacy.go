package transport

import (
	"context"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/host"
)

// codeNoSession is what other servers answer, with 404, for a session that has ended: the client begins a new one.
const codeNoSession = -32001

// postLegacy answers a message of the revisions with a handshake. The end of its connection does not cancel it.
func (t *Transport) postLegacy(w http.ResponseWriter, r *http.Request, m *message) {
	if m.isRequest() && m.method == string(mcp.MethodInitialize) {
		t.initialize(w, r, m)
		return
	}
	s := t.sessionOf(w, r, m.id)
	if s == nil {
		return
	}
	defer s.release()
	switch {
	case m.isNotification():
		t.notified(context.WithoutCancel(r.Context()), s.peer, m)
		w.WriteHeader(http.StatusAccepted)
	case !m.isRequest():
		s.asks.answered(m)
		w.WriteHeader(http.StatusAccepted)
	default:
		t.callLegacy(w, r, s, m)
	}
}

// sessionOf returns the session that the request names, in use, or says why there is none.
func (t *Transport) sessionOf(w http.ResponseWriter, r *http.Request, id []byte) *session {
	if v := r.Header.Get(mcp.HeaderProtocolVersion); v != "" && !mcp.IsValidProtocolVersion(v) {
		httpError(w, http.StatusBadRequest, id, refuse(mcp.INVALID_REQUEST, "the revision in "+mcp.HeaderProtocolVersion+" is not known"))
		return nil
	}
	name := r.Header.Get(mcp.HeaderSessionID)
	if name == "" {
		httpError(w, http.StatusBadRequest, id, refuse(mcp.INVALID_REQUEST, "the header "+mcp.HeaderSessionID+" is missing; send initialize first"))
		return nil
	}
	s := t.sessions.use(name, access.CallerOf(r.Context()).Key())
	if s == nil {
		httpError(w, http.StatusNotFound, id, refuse(codeNoSession, "there is no such session; send initialize to begin a new one"))
	}
	return s
}

// initialize begins a session, if mcp-go accepts the handshake.
func (t *Transport) initialize(w http.ResponseWriter, r *http.Request, m *message) {
	caller := access.CallerOf(r.Context()).Name
	if !t.gate.enter(caller) {
		unavailable(w, m.id, "too many requests are in flight")
		return
	}
	defer t.gate.leave(caller)
	s, err := t.sessions.open(r.Context())
	if err != nil {
		unavailable(w, m.id, "no session can begin: "+err.Error())
		return
	}
	defer s.release()
	a := t.answer(r.Context(), s.peer, m, newStream(), nil)
	if a.code != 0 || r.Context().Err() != nil {
		t.sessions.end(s)
	} else {
		w.Header().Set(mcp.HeaderSessionID, s.id)
		s.markReady()
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(a.body) // the session of a client that has gone ends when it has been idle for long
}

// callLegacy runs a request that goes on without its connection, at most until the session ends: without any connection
// of its client that is one SessionTTL later.
func (t *Transport) callLegacy(w http.ResponseWriter, r *http.Request, s *session, m *message) {
	out := newStream()
	var early chan struct{}
	if s.resumes() {
		out, early = s.log.newStream(), make(chan struct{}, 1)
	}
	ctx, f, problem := t.begin(r, s, m, out)
	if problem != nil {
		refuseCall(w, m.id, problem)
		return
	}
	var closeStream func()
	if early != nil {
		closeStream = func() {
			select {
			case early <- struct{}{}:
			default:
			}
		}
	}
	t.workers.run(func() {
		defer t.finished(s, m, f)
		out.finish(t.answer(ctx, s.peer, m, out, closeStream))
	})
	t.reply(w, r, &reply{out: out, status: legacyStatus, session: s, early: early})
}

func refuseCall(w http.ResponseWriter, id []byte, problem *host.RPCError) {
	switch problem.Code {
	case codeBusy:
		unavailable(w, id, problem.Message)
	case codeNoSession:
		httpError(w, http.StatusNotFound, id, problem)
	default:
		httpError(w, http.StatusBadRequest, id, problem)
	}
}

// begin puts a request of a session in flight.
func (t *Transport) begin(r *http.Request, s *session, m *message, out *stream) (context.Context, *flight, *host.RPCError) {
	if !t.gate.enter(s.caller.Name) {
		return nil, nil, refuse(codeBusy, "too many requests are in flight; wait for an answer before the next")
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	stop := t.onEnd(cancel)
	f := &flight{cancel: func() { stop(); cancel() }, out: out}
	if problem := s.calls.begin(m.id, f); problem != nil {
		f.cancel()
		t.gate.leave(s.caller.Name)
		return nil, nil, problem
	}
	m.hold.keep()
	return ctx, f, nil
}

// finished is the end of what begin began.
func (t *Transport) finished(s *session, m *message, f *flight) {
	m.hold.release()
	s.calls.end(f)
	t.gate.leave(s.caller.Name)
}

// resumes reports whether the session's client knows how to come back to a stream that was closed early.
func (s *session) resumes() bool { return s.ProtocolVersion() == mcp.ProtocolVersion20251125 }

// postBatch answers an array of 2025-03-26 with one array.
func (t *Transport) postBatch(w http.ResponseWriter, r *http.Request, body []byte, h *hold) {
	s := t.sessionOf(w, r, nil)
	if s == nil {
		return
	}
	defer s.release()
	b, problem := t.readBatch(body, s.ProtocolVersion())
	if problem != nil {
		httpError(w, http.StatusBadRequest, nil, problem)
		return
	}
	for _, m := range b.others {
		if m.isNotification() {
			t.notified(context.WithoutCancel(r.Context()), s.peer, m)
		} else {
			s.asks.answered(m)
		}
	}
	if len(b.requests)+len(b.refused) == 0 {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	out := newStream()
	all := &collected{answers: b.refused, left: len(b.requests) + 1, done: out.finish}
	for _, m := range b.requests {
		m.hold = h
		t.runInBatch(r, s, m, out, all)
	}
	all.add(nil, answer{}) // nothing more to come
	t.reply(w, r, &reply{out: out, status: legacyStatus, session: s})
}

func (t *Transport) runInBatch(r *http.Request, s *session, m *message, out *stream, all *collected) {
	ctx, f, problem := t.begin(r, s, m, out.member())
	if problem != nil {
		all.add(nil, errorAnswer(m.id, problem))
		return
	}
	t.workers.run(func() {
		defer t.finished(s, m, f)
		all.add(f, t.answer(ctx, s.peer, m, f.out, nil))
	})
}

// delete ends a session at its client's wish.
func (t *Transport) delete(w http.ResponseWriter, r *http.Request) {
	s := t.sessionOf(w, r, nil)
	if s == nil {
		return
	}
	t.sessions.end(s)
	s.release()
	w.WriteHeader(http.StatusNoContent)
}
