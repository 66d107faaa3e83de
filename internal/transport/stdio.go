package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/host"
)

// pipe is one connection over standard input and output.
type pipe struct {
	t    *Transport
	peer *peer
	out  *writer
	gate gate
	// stopping refuses what would be cancelled in a moment.
	stopping atomic.Bool
}

// ServeStdio speaks MCP on in and out until in ends or the context is done, and then lets calls end within bounds.
// Nothing else may write to out. A read or a write that never returns is left behind.
func (t *Transport) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // calls outlive ctx by a little
	defer stop()
	s := &pipe{
		t: t, out: newWriter(out, t.cfg.Limits.WriteBytes),
		peer: t.newPeer(fmt.Sprintf("stdio-%d", t.serial.Add(1)), access.CallerOf(ctx)),
		gate: gate{most: t.cfg.Limits.InFlight, mostEach: t.cfg.Limits.InFlight},
	}
	leave, err := t.board.add(s.peer)
	if err != nil {
		return fmt.Errorf("serving standard input: %w", err)
	}
	defer leave()
	go s.broadcast(serving)
	read := make(chan error, 1)
	go func() { read <- s.read(serving, in) }() // ends with the input, or with the process
	grace := t.cfg.Limits.DrainGrace
	select {
	case err = <-read:
		s.peer.asks.abandon()
	case <-s.out.failed:
		grace = 0
	case <-ctx.Done():
		s.stopping.Store(true)
		grace = t.cfg.Limits.StopGrace
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, s.drain(grace))
}

// read handles messages in the order of the input. Initialize is answered before the next message is read.
func (s *pipe) read(ctx context.Context, in io.Reader) error {
	input := newLines(in, s.t.cfg.Limits.LineBytes)
	for {
		line, tooLong, err := input.next()
		if err != nil || ctx.Err() != nil {
			return err
		}
		switch {
		case tooLong:
			s.out.put(errorAnswer(nil, refuse(mcp.INVALID_REQUEST,
				fmt.Sprintf("the message has more than %d bytes; send less at once", s.t.cfg.Limits.LineBytes))).body, nil)
		case isBatch(line):
			s.batch(ctx, line)
		default:
			if line = bytes.TrimSpace(line); len(line) > 0 {
				s.message(ctx, line)
			}
		}
	}
}

func (s *pipe) message(ctx context.Context, line []byte) {
	m, problem := parse(line)
	switch {
	case problem != nil && (m.isNotification() || m.isResponse()):
		s.t.logger.Debug("a message was ignored", "method", m.method, "err", problem)
	case problem != nil:
		s.out.put(m.refusal(problem).body, nil)
	case m.isRequest():
		s.request(ctx, m)
	case m.isNotification():
		s.t.notified(ctx, s.peer, m)
	default:
		s.peer.asks.answered(m)
	}
}

// request answers the handshake and pings at once, and everything else beside what comes next.
func (s *pipe) request(ctx context.Context, m *message) {
	ctx, f, problem := s.begin(ctx, m, newStream())
	if problem != nil {
		s.out.put(errorAnswer(m.id, problem).body, nil)
		return
	}
	flow := s.flow(f)
	run := func() {
		defer s.end(f)
		flow.finish(s.t.answer(ctx, s.t.peerOf(s.peer, m), m, f.out, nil))
	}
	if !isInline(m) {
		s.t.workers.run(run)
		return
	}
	run()
	if m.method == string(mcp.MethodInitialize) && s.peer.ProtocolVersion() != "" {
		s.peer.markReady()
	}
}

// isInline is what is answered in the order of the input, and never refused.
func isInline(m *message) bool {
	return !m.modern() && (m.method == string(mcp.MethodInitialize) || m.method == string(mcp.MethodPing))
}

// begin puts a request in flight: from now on it can be cancelled.
func (s *pipe) begin(ctx context.Context, m *message, out *stream) (context.Context, *flight, *host.RPCError) {
	counted := !isInline(m)
	if counted && s.stopping.Load() {
		return nil, nil, refuse(codeBusy, "the server is stopping; send the request to the next one")
	}
	if counted && !s.gate.enter("") {
		return nil, nil, refuse(codeBusy, fmt.Sprintf("%d requests are in flight; wait for an answer before the next", s.gate.most))
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &flight{cancel: cancel, out: out, listens: listens(m), counted: counted}
	if problem := s.peer.calls.begin(m.id, f); problem != nil {
		cancel()
		if counted {
			s.gate.leave("")
		}
		return nil, nil, problem
	}
	return ctx, f, nil
}

func (s *pipe) end(f *flight) {
	s.peer.calls.end(f)
	if f.counted {
		s.gate.leave("")
	}
}

// batch answers an array of 2025-03-26 with one array.
func (s *pipe) batch(ctx context.Context, line []byte) {
	b, problem := s.t.readBatch(line, s.peer.ProtocolVersion())
	if problem != nil {
		s.out.put(errorAnswer(nil, problem).body, nil)
		return
	}
	for _, m := range b.others {
		if m.isNotification() {
			s.t.notified(ctx, s.peer, m)
		} else {
			s.peer.asks.answered(m)
		}
	}
	all := &collected{answers: b.refused, left: len(b.requests) + 1, done: func(a answer) {
		if a.body != nil {
			s.out.put(a.body, nil)
		}
	}}
	for _, m := range b.requests {
		ctx, f, problem := s.begin(ctx, m, newStream())
		if problem != nil {
			all.add(nil, errorAnswer(m.id, problem))
			continue
		}
		flow := s.flow(f)
		s.t.workers.run(func() {
			defer s.end(f)
			a := s.t.answer(ctx, s.peer, m, f.out, nil)
			flow.finish(answer{})
			all.add(f, a)
		})
	}
	all.add(nil, answer{}) // nothing more to come
}

// broadcast writes what no request asked for. It may be dropped: it only says that something can be read again.
func (s *pipe) broadcast(ctx context.Context) {
	notes := s.peer.notes.ready()
	for {
		select {
		case <-notes:
			for _, n := range s.peer.notes.take() {
				if e, ok := encodeNote(n); ok && !s.out.offer(e.data) {
					s.t.logger.Debug("the client does not keep up, and a notification was dropped", "method", n.Method)
				}
			}
		case <-ctx.Done():
			return
		}
	}
}
