package transport

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/host"
)

var errTooMany = errors.New("too many sessions are in use")

// Handler serves the one endpoint of streamable HTTP. The context of a request says who its caller is; whoever serves the
// handler has checked that, and the request's Host and Origin.
func (t *Transport) Handler() http.Handler { return http.HandlerFunc(t.serveHTTP) }

func (t *Transport) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if t.isDraining() {
		unavailable(w, nil, "the server is stopping; try again in a moment")
		return
	}
	if name := repeated(r.Header); name != "" {
		httpError(w, http.StatusBadRequest, nil, refuse(mcp.HEADER_MISMATCH, "the header "+name+" is there more than once"))
		return
	}
	modern := mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion))
	switch {
	case r.Method == http.MethodPost:
		t.post(w, r)
	case r.Method == http.MethodGet && !modern:
		t.get(w, r)
	case r.Method == http.MethodDelete && !modern:
		t.delete(w, r)
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		if modern {
			w.Header().Set("Allow", "POST")
		}
		http.Error(w, r.Method+" is not supported here", http.StatusMethodNotAllowed)
	}
}

// post reads the message and passes it on by its era.
func (t *Transport) post(w http.ResponseWriter, r *http.Request) {
	if !isJSON(r.Header) {
		httpError(w, http.StatusUnsupportedMediaType, nil, refuse(mcp.INVALID_REQUEST, "Content-Type must be application/json"))
		return
	}
	if !accepts(r.Header, "application/json") || !accepts(r.Header, "text/event-stream") {
		httpError(w, http.StatusNotAcceptable, nil, refuse(mcp.INVALID_REQUEST, "Accept must name application/json and text/event-stream"))
		return
	}
	h := newHold(t.memory, access.CallerOf(r.Context()).Name)
	defer h.release()
	body, ok := t.readBody(w, r, h)
	if !ok {
		return
	}
	if isBatch(body) {
		t.postBatch(w, r, body, h)
		return
	}
	m, problem := parse(body)
	m.hold = h
	switch modern := m.modern() || mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)); {
	case problem != nil:
		a := m.refusal(problem)
		writeJSON(w, statusOfRefusal(a.code), a.body)
	case modern:
		t.postModern(w, r, m)
	default:
		t.postLegacy(w, r, m)
	}
}

// statusOfRefusal is 200 for a refusal that is a result.
func statusOfRefusal(code int) int {
	if code == 0 {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// postModern answers a message that says everything itself. The end of its connection cancels it.
func (t *Transport) postModern(w http.ResponseWriter, r *http.Request, m *message) {
	if !m.isRequest() {
		// Nothing is in flight that a notification or a response could mean: closing the connection cancels.
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if problem := t.checkModern(r.Header, m); problem != nil {
		httpError(w, modernStatus(problem.Code), m.id, problem)
		return
	}
	gate := &t.gate
	if listens(m) {
		gate = &t.streams
	}
	caller := access.CallerOf(r.Context())
	if !gate.enter(caller.Name) {
		unavailable(w, m.id, "too many requests are in flight; wait for an answer before the next")
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	stop := t.onEnd(cancel)
	if listens(m) {
		stop = t.onStop(cancel)
	}
	out := newStream()
	p := t.newPeer("http-"+strconv.FormatInt(t.serial.Add(1), 10), caller)
	m.hold.keep()
	t.workers.run(func() {
		defer gate.leave(caller.Name)
		defer m.hold.release()
		defer cancel()
		defer stop()
		out.finish(t.answer(ctx, p, m, out, nil))
	})
	t.reply(w, r, &reply{out: out, status: modernStatus})
}

// Shutdown refuses new requests, ends the streams that wait for notifications, and waits for the requests that run.
// When the context ends first, they are cancelled. It does not end standard input.
func (t *Transport) Shutdown(ctx context.Context) error {
	t.mu.Lock()
	if !t.draining {
		t.draining = true
		t.stop()
	}
	t.mu.Unlock()
	t.sessions.abandonAsks() // their answers are refused from now on
	var err error
	for _, g := range []*gate{&t.streams, &t.gate} {
		select {
		case <-g.empty():
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	t.end()
	t.sessions.close()
	return err
}

func (t *Transport) isDraining() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.draining
}

func httpError(w http.ResponseWriter, status int, id []byte, e *host.RPCError) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorAnswer(id, e).body) // a client that has gone needs no answer
}

func unavailable(w http.ResponseWriter, id []byte, reason string) {
	w.Header().Set("Retry-After", "1")
	httpError(w, http.StatusServiceUnavailable, id, refuse(codeBusy, reason))
}
