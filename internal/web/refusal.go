package web

import (
	"context"
	"log/slog"
	"net/http"
)

// Refusal is a request, or a connection, that was turned away.
type Refusal struct {
	Status int // 0 of a connection
	// Reason is one of a few words, such as invalid_token, rate or forbidden_host; docs/observability.md lists them.
	Reason string
	Caller string // empty unless it is known whose token it was
	Remote string // the address that the connection came from
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
	left, ok := s.refusals.Take()
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
