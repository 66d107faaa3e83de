package transport

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/host"
)

// answer has a request answered: by the tasks, or by mcp-go on a session of the request's own. It returns when all that
// the handler has sent is in the stream. The context's end cancels the handler. CloseStream may be nil.
func (t *Transport) answer(ctx context.Context, p *peer, m *message, out *stream, closeStream func()) answer {
	c := newCall(p, m, out)
	var session server.ClientSession = c
	if listens(m) {
		l := &listener{call: c, tag: m.id}
		c.hear = l.hear
		leave, err := t.board.add(l)
		if err != nil {
			return errorAnswer(m.id, refuse(mcp.INTERNAL_ERROR, "the subscription cannot begin: "+err.Error()))
		}
		defer leave()
		session = l
	}
	ex := &host.Exchange{CloseStream: closeStream}
	a := t.handle(host.WithExchange(t.mcp.WithContext(ctx, session), ex), m, ex)
	c.end()
	if lost := out.lost(); lost > 0 {
		t.logger.Warn("the client did not keep up, and notifications of a call were dropped", "method", m.method, "dropped", lost)
	}
	return a
}

// handle has a request answered, by an error if its handler panics.
func (t *Transport) handle(ctx context.Context, m *message, ex *host.Exchange) (a answer) {
	defer t.survive(m, func() {
		a = errorAnswer(m.id, refuse(mcp.INTERNAL_ERROR, "the server failed while it answered; its log tells why"))
	})
	if isTaskMethod(m.method) {
		return t.answerTask(ctx, m)
	}
	return answerOf(m.id, t.mcp.HandleMessage(ctx, m.forServer()), ex)
}

// survive keeps a panic, of a prompt for example, from ending the process. It is deferred.
func (t *Transport) survive(m *message, failed func()) {
	if problem := recover(); problem != nil {
		t.logger.Error("a handler panicked", "method", m.method, "panic", fmt.Sprint(problem), "stack", string(debug.Stack()))
		failed()
	}
}

// notified passes a notification on; mcp-go has no answer to it.
func (t *Transport) notified(ctx context.Context, p *peer, m *message) {
	if m.method == string(mcp.MethodNotificationCancelled) {
		p.calls.cancel(m.params.RequestID)
		return
	}
	out := newStream()
	out.discard() // there is nowhere to answer
	c := newCall(p, m, out)
	defer c.end()
	defer t.survive(m, func() {})
	t.mcp.HandleMessage(t.mcp.WithContext(ctx, c), m.raw)
}

// peerOf is who a request comes from: one of its own for a request that says everything itself.
func (t *Transport) peerOf(connection *peer, m *message) *peer {
	if !m.modern() {
		return connection
	}
	p := t.newPeer(fmt.Sprintf("%s-%d", connection.id, t.serial.Add(1)), connection.caller)
	return p
}

func listens(m *message) bool {
	return m.modern() && m.method == string(mcp.MethodSubscriptionsListen)
}
