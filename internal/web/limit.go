package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"mcp-server/internal/access"
)

const (
	lingerTime  = 2 * time.Second
	lingerBytes = 16 << 20
)

// limited wraps a handler with the bounds of each caller: open requests, running calls and their rate. It reads the
// body, so that a slow client holds nothing but its own connection.
func (s *Server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, leave, err := s.seats.enter(access.CallerOf(r.Context()), r.Method == http.MethodGet)
		if err != nil {
			s.refuseBusy(w, r, err)
			return
		}
		defer leave()
		body, ok := s.readBody(w, r)
		if !ok {
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		load := weight{control: 1}
		if r.Method == http.MethodPost {
			load = weigh(body)
		}
		if load.listens > 0 {
			staysOpen(r.Context())
		}
		done, err := s.seats.charge(own, load)
		if err != nil {
			s.refuseBusy(w, r, err)
			return
		}
		defer done()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) refuseBusy(w http.ResponseWriter, r *http.Request, err error) {
	caller := access.CallerOf(r.Context()).Name
	busy, ok := errors.AsType[*busyError](err)
	if !ok {
		s.refused(r, Refusal{Status: http.StatusServiceUnavailable, Reason: "crowded", Caller: caller}, err.Error())
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "temporarily_unavailable", err.Error())
		return
	}
	s.refused(r, Refusal{Status: http.StatusTooManyRequests, Reason: busy.kind, Caller: caller}, busy.reason)
	w.Header().Set("Retry-After", strconv.Itoa(busy.retryAfter()))
	fail(w, http.StatusTooManyRequests, "too_many_requests", busy.reason)
}

// readBody reads a body of bounded size before the deadline that boundBody has set, and answers when it cannot.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	most := s.config.Limits.BodyBytes
	if r.ContentLength > most {
		s.tooLarge(w, r)
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err == nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a long call may follow
		return body, true
	}
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large:
		s.tooLarge(w, r)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		fail(w, http.StatusRequestTimeout, "body_too_slow", "the body did not arrive in "+s.config.Limits.BodyTime.String())
	default:
		w.Header().Set("Connection", "close")
		fail(w, http.StatusBadRequest, "invalid_request", "the body ended early or is not encoded as the header says")
	}
	return nil, false
}

// tooLarge answers before the whole body has come, and goes on reading for a little: a client that still writes when the
// connection is closed sees that alone, and not the answer.
func (s *Server) tooLarge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	fail(w, http.StatusRequestEntityTooLarge, "body_too_large", "the body is larger than "+strconv.FormatInt(s.config.Limits.BodyBytes, 10)+" bytes")
	if r.ProtoMajor != 1 || r.Header.Get("Expect") != "" {
		return // there the client knows without
	}
	control := http.NewResponseController(w)
	_ = control.Flush()
	_ = control.SetReadDeadline(time.Now().Add(lingerTime)) // not on a recorder in tests
	_, _ = io.CopyN(io.Discard, r.Body, lingerBytes)
}

// boundBody gives a body its time. The bound stays when nobody reads the body, as of a request that is refused: the server
// reads some of it itself, to use the connection again.
func (s *Server) boundBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.config.Limits.BodyTime)) // not on a recorder in tests
	}
}
