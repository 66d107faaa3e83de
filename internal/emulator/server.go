package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// maxBody is the gateway's limit for a signed body.
const maxBody = 12 << 20

// service is one cloud service: a listener, a server and a table of routes.
type service struct {
	name     string
	emulator *Emulator
	routes   []route
	fallback handler // answers everything where there are no routes (OBS)
	listener net.Listener
	server   *http.Server
	url      string
}

// call is one request with what the pipeline has found out about it.
type call struct {
	*http.Request
	service *service
	id      string            // request id, sent back in the service's own header
	vars    map[string]string // decoded path parameters
	body    []byte
	now     time.Time
}

// handler answers a call. An error that is a *failure is sent as it is, any other one as a 500.
type handler func(*call) (reply, error)

// connKey is the context key under which a request finds its connection, for the reset fault.
type connKey struct{}

func (s *service) listen(ctx context.Context, addr string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for %s: %w", s.name, err)
	}
	s.listener, s.url = listener, "http://"+listener.Addr().String()
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(s.emulator.config.Logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
		ConnState: s.track,
	}
	return nil
}

func (s *service) serve() { _ = s.server.Serve(s.listener) }

// track counts the connections' goroutines: one is gone only when its connection is reported closed, which is how
// Close can wait for requests that hang on purpose.
func (s *service) track(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.emulator.conns.Add(1)
		if s.emulator.closing.Load() { // accepted while the server closed: nobody else would close it
			_ = conn.Close()
		}
	case http.StateClosed:
		s.emulator.conns.Done()
	}
}

// ServeHTTP is the way of every request: read, fault before the service, answer, fault on the body, deliver.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, service: s, id: newID(), now: s.emulator.now()}
	entry := s.emulator.journal.open(s.name, r)
	status := 0
	defer func() {
		s.emulator.config.Logger.Info("request", "service", s.name, "method", r.Method, "path", r.URL.Path,
			"status", status, "request_id", c.id)
	}()
	fault, out := s.answer(w, c)
	out.header.Set(requestIDHeader(s.name), c.id)
	out.header.Set("Date", c.now.UTC().Format(http.TimeFormat)) // a client tells by it whose clock is off
	if !fault.hidesStatus() {
		status = out.status
		s.emulator.journal.answered(entry, status)
	}
	deliver(w, r, out, fault)
}

// answer returns what to send and the fault to send it with, nil for none.
func (s *service) answer(w http.ResponseWriter, c *call) (*Fault, reply) {
	body, err := io.ReadAll(http.MaxBytesReader(w, c.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, c.render(errTooLarge())
	} else if err != nil {
		return nil, c.render(fail(http.StatusBadRequest, "EMU.400", "reading the body: %v", err))
	}
	c.body = body
	if fault := s.emulator.faults.take(s.name, c.Request, beforeService); fault != nil {
		return fault, c.refusal(fault)
	}
	out, err := s.handle(c)
	if err != nil {
		return nil, c.render(err)
	}
	fault := s.emulator.faults.take(s.name, c.Request, onBody)
	if fault != nil && fault.Kind == FaultWrongType {
		out = c.wrongType()
	}
	return fault, out
}

// handle routes, throttles, authenticates and runs the handler.
func (s *service) handle(c *call) (reply, error) {
	if s.fallback != nil {
		return s.fallback(c)
	}
	route, ok := s.match(c)
	if !ok {
		return reply{}, errNoAPI()
	}
	if every := s.emulator.config.ThrottleEvery; every > 0 && s.name != ServiceIAM &&
		s.emulator.calls.Add(1)%int64(every) == 0 {
		return reply{}, errThrottled()
	}
	if route.open {
		return route.handle(c)
	}
	project, err := s.emulator.guard.check(c)
	if err != nil {
		return reply{}, err
	}
	if wanted, ok := c.vars["project_id"]; ok && (wanted != ProjectID || project != ProjectID) {
		return reply{}, errForeignProject(s.name)
	}
	return route.handle(c)
}
