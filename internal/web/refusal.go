package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Refusal is a request, or a connection, that was turned away.
type Refusal struct {
	Status int // 0 of a connection
	// Reason is one of a few words, such as invalid_token, rate or forbidden_host; docs/observability.md lists them.
	Reason string
	Caller string // empty unless it is known whose token it was
	Remote string // the address that the connection came from
}

const (
	refusalBurst = 20
	refusalEvery = time.Second
)

// refusals writes them to the log, but never so many that the rest of it is lost among them.
type refusals struct {
	mu      sync.Mutex
	limiter *rate.Limiter
	left    int // out of the log since its last line
}

func newRefusals() *refusals {
	return &refusals{limiter: rate.NewLimiter(rate.Every(refusalEvery), refusalBurst)}
}

// turn says whether this one is written, and how many before it were not.
func (f *refusals) turn() (left int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.limiter.Allow() {
		f.left++
		return 0, false
	}
	left, f.left = f.left, 0
	return left, true
}

// refused leaves a trace of a request that is turned away. The text why may be long, and never holds a token.
func (s *Server) refused(r *http.Request, f Refusal, why string) {
	f.Remote = r.RemoteAddr
	level := slog.LevelWarn
	if f.Reason == "no_token" && s.config.Access != nil {
		if _, oauth := s.config.Access.Resource(); oauth {
			level = slog.LevelInfo // so every client of OAuth begins
		}
	}
	s.trace(f, level, slog.String("method", r.Method), slog.String("route", route(r)), slog.String("why", why))
}

func (s *Server) trace(f Refusal, level slog.Level, more ...slog.Attr) {
	if s.config.Refused != nil {
		s.config.Refused(f)
	}
	left, ok := s.refusals.turn()
	if !ok {
		return
	}
	attributes := append([]slog.Attr{
		slog.String("remote", f.Remote), slog.Int("status", f.Status), slog.String("reason", f.Reason), slog.String("caller", f.Caller),
	}, more...)
	if left > 0 {
		attributes = append(attributes, slog.Int("left_out", left))
	}
	s.logger.LogAttrs(context.Background(), level, "refused", attributes...)
}
