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

// limited wraps a handler with the bounds of each caller: open requests, running calls and their rate. It reads the
// body, so that a slow client holds nothing but its own connection.
func (s *Server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, leave, err := s.seats.enter(access.CallerOf(r.Context()), r.Method == http.MethodGet)
		if err != nil {
			refuseBusy(w, err)
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
		done, err := s.seats.charge(own, load)
		if err != nil {
			refuseBusy(w, err)
			return
		}
		defer done()
		next.ServeHTTP(w, r)
	})
}

func refuseBusy(w http.ResponseWriter, err error) {
	busy, ok := errors.AsType[*busyError](err)
	if !ok {
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "temporarily_unavailable", err.Error())
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa(busy.retryAfter()))
	fail(w, http.StatusTooManyRequests, "too_many_requests", busy.reason)
}

// readBody reads a body of bounded size before the deadline that boundBody has set, and answers when it cannot.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	most := s.config.Limits.BodyBytes
	tooLarge := "the body is larger than " + strconv.FormatInt(most, 10) + " bytes"
	if r.ContentLength > most {
		w.Header().Set("Connection", "close") // what follows is not read
		fail(w, http.StatusRequestEntityTooLarge, "body_too_large", tooLarge)
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err == nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a long call may follow
		return body, true
	}
	w.Header().Set("Connection", "close")
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large:
		fail(w, http.StatusRequestEntityTooLarge, "body_too_large", tooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		fail(w, http.StatusRequestTimeout, "body_too_slow", "the body did not arrive in "+s.config.Limits.BodyTime.String())
	default:
		fail(w, http.StatusBadRequest, "invalid_request", "the body ended early or is not encoded as the header says")
	}
	return nil, false
}

// boundBody gives a body its time. The bound stays when nobody reads the body, as of a request that is refused: the server
// reads some of it itself, to use the connection again.
func (s *Server) boundBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.config.Limits.BodyTime)) // not on a recorder in tests
	}
}
