package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
)

// Server is an HTTP server. [New] makes one, [Server.Run] runs it.
type Server struct {
	config      Config
	places      places
	certificate *certificate // nil without TLS
	seats       *seats
	flights     flights
	logger      *slog.Logger
	draining    atomic.Bool

	listener net.Listener
	metrics  net.Listener // nil without an address of its own
}

// New checks a configuration. An error names the flags that make it right.
func New(c Config) (*Server, error) {
	c.Limits = c.Limits.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Server{config: c, seats: newSeats(c.Limits), logger: c.Logger}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.places, err = newPlaces(c); err != nil {
		return nil, err
	}
	if c.TLSCert != "" {
		s.certificate, err = newCertificate(c.TLSCert, c.TLSKey, s.logger)
	}
	return s, err
}

// Listen takes the addresses. [Server.Run] does so itself when it was not called before.
func (s *Server) Listen(ctx context.Context) (err error) {
	if s.listener, err = listen(ctx, s.config.Addr, s.config.Limits.Connections); err != nil {
		return err
	}
	if s.config.MetricsAddr == "" {
		return nil
	}
	if s.metrics, err = listen(ctx, s.config.MetricsAddr, s.config.Limits.Connections); err != nil {
		_ = s.listener.Close() // nothing was accepted yet
	}
	return err
}

// listen also sees to it that what was called loopback is: a name can stand for anything.
func listen(ctx context.Context, addr string, most int) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	if bound, ok := l.Addr().(*net.TCPAddr); loopbackAddr(addr) && (!ok || !bound.IP.IsLoopback()) {
		_ = l.Close() // nothing was accepted yet
		return nil, fmt.Errorf("%s stands for %s, which other machines reach; listen on 127.0.0.1 instead", addr, l.Addr())
	}
	return netutil.LimitListener(l, most), nil
}

// Addr is where the server listens; nil before Listen.
func (s *Server) Addr() net.Addr { return addrOf(s.listener) }

// MetricsAddr is where the metrics have an address of their own; nil without.
func (s *Server) MetricsAddr() net.Addr { return addrOf(s.metrics) }

func addrOf(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Run serves until the context ends. Then it says on /readyz that it is ending, accepts nothing more, lets what runs finish
// within Limits.Drain and closes the rest, which is an error.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx)) // the end of ctx is not the end of what runs
	defer cut()
	main, beside := s.newHTTP(requests, s.Handler()), s.newHTTP(requests, s.metricsHandler())
	servers := []*http.Server{main, beside}
	failed := make(chan error, len(servers))
	var running sync.WaitGroup
	running.Go(func() { failed <- s.serve(main) })
	if s.metrics != nil {
		running.Go(func() { failed <- beside.Serve(s.metrics) })
	}
	if s.config.Access != nil {
		running.Go(func() { s.flights.recheck(requests, s.config.Access) })
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = s.drain(ctx, servers)
	}
	cut()
	for _, server := range servers {
		_ = server.Close() // what is open now had its time
	}
	running.Wait()
	return err
}

func (s *Server) serve(h *http.Server) error {
	if s.certificate == nil {
		return h.Serve(s.listener)
	}
	h.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate.get}
	return h.ServeTLS(s.listener, "", "")
}

func (s *Server) drain(ctx context.Context, servers []*http.Server) error {
	s.draining.Store(true)
	s.logger.Info("ending: nothing more is accepted", "wait", s.config.Limits.Drain)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Limits.Drain)
	defer cancel()
	var all sync.WaitGroup
	problems := make([]error, len(servers))
	for i, server := range servers {
		all.Go(func() { problems[i] = server.Shutdown(ctx) })
	}
	if s.config.OnDrain != nil {
		all.Go(func() { s.config.OnDrain(ctx) })
	}
	all.Wait()
	if errors.Is(errors.Join(problems...), context.DeadlineExceeded) {
		return fmt.Errorf("requests still ran %v after the server was told to end; they were cut", s.config.Limits.Drain)
	}
	return nil
}

func (s *Server) newHTTP(requests context.Context, h http.Handler) *http.Server {
	l := s.config.Limits
	return &http.Server{
		Handler: h, ReadHeaderTimeout: l.HeaderTime, IdleTimeout: l.IdleTime, MaxHeaderBytes: l.HeaderBytes,
		BaseContext: func(net.Listener) context.Context { return requests },
		ErrorLog:    slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 256, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second, WriteByteTimeout: l.WriteTime,
		},
	}
}

// Handler is all that the server serves, as Run does.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", notFound)
	mux.HandleFunc("GET /healthz", s.serveAlive)
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.HandleFunc("GET "+metadataPath, s.serveMetadata)
	mux.HandleFunc("GET "+metadataPath+"/{path...}", s.serveMetadata)
	mux.Handle("/mcp", s.whileServing(s.authorised(s.limited(s.config.MCP))))
	if s.config.Artifacts != nil {
		mux.Handle("GET /artifacts/{id}/{name}", s.authorised(s.limited(http.HandlerFunc(s.serveArtifact))))
	}
	if s.config.Metrics != nil {
		mux.Handle("GET /metrics", s.authorised(s.config.Metrics))
	}
	return s.observed(s.places.check(mux))
}

// metricsHandler is what an address of its own for metrics serves, without tokens.
func (s *Server) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", notFound)
	mux.HandleFunc("GET /healthz", s.serveAlive)
	mux.HandleFunc("GET /readyz", s.serveReady)
	if s.config.Metrics != nil {
		mux.Handle("GET /metrics", s.config.Metrics)
	}
	return s.observed(places{loopback: loopbackAddr(s.config.MetricsAddr)}.check(mux))
}

// whileServing turns requests away that come on old connections while the server ends.
func (s *Server) whileServing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
			w.Header().Set("Retry-After", "5")
			fail(w, http.StatusServiceUnavailable, "draining", "the server is ending; try again in a moment")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// route names a request's path without what a client chose.
func route(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/mcp", path == "/healthz", path == "/readyz", path == "/metrics":
		return path
	case path == metadataPath, strings.HasPrefix(path, metadataPath+"/"):
		return metadataPath
	case strings.HasPrefix(path, "/artifacts/"):
		return "/artifacts"
	}
	return "other"
}
