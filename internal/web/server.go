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

	"mcp-server/internal/lograte"

	"golang.org/x/net/netutil"
)

// Server is an HTTP server. [New] makes one, [Server.Run] runs it.
type Server struct {
	config      Config
	places      places
	certificate *certificate // nil without TLS
	seats       *seats
	flights     flights
	refusals    *lograte.Turns
	visitors    *visitors
	logger      *slog.Logger
	ending      atomic.Bool // new clients should go elsewhere
	draining    atomic.Bool // no new request is accepted
	notReady    struct {    // what the log was told last
		mu     sync.Mutex
		reason string
		told   time.Time
	}

	listener net.Listener
	metrics  net.Listener // nil without an address of its own
}

// New checks a configuration. An error names the flags that make it right.
func New(c Config) (*Server, error) {
	c.Limits = c.Limits.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Server{config: c, seats: newSeats(c.Limits), refusals: lograte.New(), visitors: &visitors{limit: c.Limits.StrangerIdle}, logger: c.Logger}
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
	s.listener = newCrowd(s.listener, s.config.perAddress(), func(remote string) {
		s.trace(Refusal{Reason: "connections", Remote: remote}, slog.LevelWarn, slog.String("why", "too many connections of one address"))
	})
	if s.config.MetricsAddr == "" {
		return nil
	}
	if s.metrics, err = listen(ctx, s.config.MetricsAddr, s.config.Limits.Connections); err != nil {
		_ = s.listener.Close() // nothing was accepted yet
		return err
	}
	if !loopbackAddr(s.config.MetricsAddr) {
		s.logger.Warn("other machines may read the metrics without a token; listen on a loopback address, or see to it that only those who should can reach it",
			"address", s.metrics.Addr().String())
	}
	return nil
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
	if s.config.Access != nil {
		main.ConnContext, main.ConnState = s.visitors.meet, s.visitors.follow
	}
	failed := make(chan error, 2)
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
		err = s.drain(ctx, main)
	}
	cut()
	_, _ = main.Close(), beside.Close() // what is open now had its time
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

// drain leaves the address of the metrics open, where /readyz can still be asked.
func (s *Server) drain(ctx context.Context, main *http.Server) error {
	s.ending.Store(true)
	if delay := s.config.DrainDelay; delay > 0 {
		s.logger.Info("ending soon: /readyz says so, and requests are still accepted", "wait", delay.String())
		<-time.After(delay) // a second signal ends the process
	}
	s.draining.Store(true)
	s.logger.Info("ending: nothing more is accepted", "wait", s.config.Limits.Drain.String())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Limits.Drain)
	defer cancel()
	var streams sync.WaitGroup
	if s.config.OnDrain != nil {
		streams.Go(func() { s.config.OnDrain(ctx) })
	}
	err := main.Shutdown(ctx)
	streams.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("requests still ran %v after the server was told to end; they were cut", s.config.Limits.Drain)
	}
	return err
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
		mux.Handle("GET /metrics", s.authorised(http.HandlerFunc(s.serveMetrics)))
	}
	return s.observed(s.places.check(mux, s.refused))
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
	return s.observed(places{loopback: loopbackAddr(s.config.MetricsAddr)}.check(mux, s.refused))
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
