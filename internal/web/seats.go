package web

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mcp-server/internal/access"
)

const (
	controlShare = 10              // times the rate of calls that pings and notifications may have
	spareSeats   = 32              // requests beside twice the calls, for those
	forgetAfter  = 2 * time.Minute // idle, when a bucket is full again
	smallestPool = 10              // calls that may come at once after a pause
)

// busyError refuses a request for now.
type busyError struct {
	kind   string // for [Refusal.Reason]
	reason string
	after  time.Duration
}

func (e *busyError) Error() string { return e.reason }

// errCrowded says that more callers came than are remembered.
var errCrowded = errors.New("the server has too many callers at once")

// seats counts what callers use. It forgets a caller that has been idle for long enough to be like a new one.
type seats struct {
	limits  Limits
	mu      sync.Mutex
	callers map[string]*seat
	swept   time.Time
}

// seat is one caller's part. Its counts are under the lock of seats.
type seat struct {
	calls, control     *rate.Limiter
	requests, running  int
	streams, perMinute int
	limits             access.Limits // the caller's own, or the server's
	used               time.Time
}

func newSeats(l Limits) *seats { return &seats{limits: l, callers: map[string]*seat{}} }

// enter counts a request, or a stream, of a caller until leave is called.
func (s *seats) enter(c access.Caller, stream bool) (own *seat, leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, err = s.seatOf(c)
	if err != nil {
		return nil, nil, err
	}
	count, most := &own.requests, 2*own.limits.Concurrent+spareSeats
	if stream {
		count, most = &own.streams, s.limits.Streams
	}
	if *count >= most {
		return nil, nil, &busyError{"requests", fmt.Sprintf("%d requests of this caller are open, which is the most; end some first", *count), time.Second}
	}
	*count++
	return own, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*count--
		own.used = time.Now()
	}, nil
}

// seatOf is called with the lock held.
func (s *seats) seatOf(c access.Caller) (*seat, error) {
	now := time.Now()
	own := s.callers[c.Name]
	if own == nil {
		s.sweep(now)
		if len(s.callers) >= s.limits.Callers {
			return nil, errCrowded
		}
		own = &seat{calls: rate.NewLimiter(0, 0), control: rate.NewLimiter(0, 0)}
		s.callers[c.Name] = own
	}
	own.used = now
	limits := c.Limits
	if limits.PerMinute == 0 {
		limits.PerMinute = s.limits.PerMinute
	}
	if limits.Concurrent == 0 {
		limits.Concurrent = s.limits.Concurrent
	}
	own.set(limits)
	return own, nil
}

// sweep forgets idle callers, at most once in a while.
func (s *seats) sweep(now time.Time) {
	if now.Sub(s.swept) < forgetAfter/4 && len(s.callers) < s.limits.Callers {
		return
	}
	s.swept = now
	for name, other := range s.callers {
		if other.requests == 0 && other.streams == 0 && now.Sub(other.used) > forgetAfter {
			delete(s.callers, name)
		}
	}
}

// set follows limits that changed in the access file.
func (s *seat) set(l access.Limits) {
	if s.perMinute == l.PerMinute {
		s.limits = l
		return
	}
	burst := max(smallestPool, l.PerMinute/6)
	fresh := s.perMinute == 0
	s.limits, s.perMinute = l, l.PerMinute
	if fresh {
		s.calls = rate.NewLimiter(rate.Limit(float64(l.PerMinute)/60), burst)
		s.control = rate.NewLimiter(rate.Limit(float64(l.PerMinute)/60*controlShare), burst*controlShare)
		return
	}
	s.calls.SetLimit(rate.Limit(float64(l.PerMinute) / 60))
	s.calls.SetBurst(burst)
	s.control.SetLimit(rate.Limit(float64(l.PerMinute) / 60 * controlShare))
	s.control.SetBurst(burst * controlShare)
}

// charge takes what a request weighs from its caller's seat until done is called.
func (s *seats) charge(own *seat, w weight) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.calls > own.limits.Concurrent:
		return nil, &busyError{"concurrency", fmt.Sprintf("%d calls came at once, and at most %d of this caller may run at once; send fewer in a batch",
			w.calls, own.limits.Concurrent), time.Minute}
	case w.listens > s.limits.Streams:
		return nil, &busyError{"streams", fmt.Sprintf("%d event streams were asked for at once, and at most %d of this caller may be open; "+
			"send fewer in a batch", w.listens, s.limits.Streams), time.Minute}
	case w.calls > 0 && own.running+w.calls > own.limits.Concurrent:
		return nil, &busyError{"concurrency", fmt.Sprintf("%d calls of this caller are running, and at most %d may at once; wait for one to end",
			own.running, own.limits.Concurrent), time.Second}
	case w.listens > 0 && own.streams+w.listens > s.limits.Streams:
		return nil, &busyError{"streams", fmt.Sprintf("%d event streams of this caller are open, which is the most; close some first", own.streams), time.Second}
	}
	if err := take(own.calls, w.calls); err != nil {
		return nil, err
	}
	if err := take(own.control, w.control+w.listens); err != nil {
		return nil, err
	}
	own.running += w.calls
	own.streams += w.listens
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		own.running -= w.calls
		own.streams -= w.listens
	}, nil
}

func take(l *rate.Limiter, n int) error {
	if n == 0 {
		return nil
	}
	now := time.Now()
	r := l.ReserveN(now, n)
	if !r.OK() {
		return &busyError{"rate", fmt.Sprintf("%d messages came at once, and the caller's rate allows %d; send fewer in a batch", n, l.Burst()), time.Minute}
	}
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return &busyError{"rate", fmt.Sprintf("the caller sends more than %.0f requests a minute; wait and try again", float64(l.Limit())*60), wait}
	}
	return nil
}

// retryAfter rounds up to the whole seconds of the header.
func (e *busyError) retryAfter() int { return max(1, int(math.Ceil(e.after.Seconds()))) }
