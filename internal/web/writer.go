package web

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

const writeChunk = 64 << 10

// writer counts an answer, and gives a client that reads slowly a time for each part of it, not for the whole: an event
// stream may stay open for days.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration
	status  int
	bytes   int64
	caller  string
}

func newWriter(w http.ResponseWriter, limit time.Duration) *writer {
	own := &writer{ResponseWriter: w, control: http.NewResponseController(w), limit: limit}
	_ = own.control.SetWriteDeadline(time.Time{}) // of the request before, on the same connection
	return own
}

// Unwrap is for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (written int, err error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	for {
		part := p[written:min(len(p), written+writeChunk)]
		var n int
		w.timed(func() { n, err = w.ResponseWriter.Write(part) })
		written += n
		w.bytes += int64(n)
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// FlushError is for [http.ResponseController].
func (w *writer) FlushError() (err error) {
	w.timed(func() { err = w.control.Flush() })
	return err
}

// Flush is for those who know only [http.Flusher].
func (w *writer) Flush() { _ = w.FlushError() } // the next write tells

// timed leaves no deadline behind: over HTTP/2 one that passes ends a stream, however idle it is.
func (w *writer) timed(work func()) {
	_ = w.control.SetWriteDeadline(time.Now().Add(w.limit)) // not on a recorder in tests
	work()
	_ = w.control.SetWriteDeadline(time.Time{})
}

// finish bounds what the server itself still writes.
func (w *writer) finish() { _ = w.control.SetWriteDeadline(time.Now().Add(w.limit)) }

// noteCaller keeps the caller's name for the log.
func noteCaller(w http.ResponseWriter, name string) {
	for {
		if own, ok := w.(*writer); ok {
			own.caller = name
			return
		}
		inner, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = inner.Unwrap()
	}
}

// observed wraps all handlers: it bounds writing, survives a panic and logs one line per request, without token or query.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		own := newWriter(w, s.config.Limits.WriteTime)
		s.boundBody(w, r)
		if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
			// A proxy may see another end of such a body; what it takes for the next request is never read (RFC 9112, 6.1).
			own.Header().Set("Connection", "close")
		}
		defer func() {
			if p := recover(); p != nil {
				s.survive(own, r, p)
			}
			own.finish()
			s.note(own, r, time.Since(start))
		}()
		next.ServeHTTP(own, r)
	})
}

// survive answers for a handler that panicked; a stream that has begun is cut, so that nobody takes it for whole.
func (s *Server) survive(w *writer, r *http.Request, p any) {
	if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		s.logger.Error("answering a request panicked", "panic", p, "path", r.URL.Path, "stack", string(debug.Stack()))
		if w.status == 0 {
			fail(w, http.StatusInternalServerError, "internal", "the server made a mistake; its log says more")
			return
		}
	}
	s.note(w, r, 0)
	panic(http.ErrAbortHandler)
}

func (s *Server) note(w *writer, r *http.Request, took time.Duration) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	s.logger.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Int64("bytes", w.bytes), slog.String("took", took.String()), slog.String("caller", w.caller),
		slog.String("remote", r.RemoteAddr), slog.String("proto", r.Proto))
	if s.config.Observe != nil {
		s.config.Observe(Observation{Method: r.Method, Route: route(r), Status: status, Bytes: w.bytes, Caller: w.caller, Took: took})
	}
}
