package web

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"mcp-server/internal/access"
)

const recheckEvery = 5 * time.Second

// flight is a request that runs with a token.
type flight struct {
	token   string
	expires time.Time   // of the token; zero for never
	stream  atomic.Bool // it may stay open for days
	cancel  context.CancelFunc
}

type flightKey struct{}

// staysOpen says that the request of the context answers with a stream that has no end of its own.
func staysOpen(ctx context.Context) {
	if one, ok := ctx.Value(flightKey{}).(*flight); ok {
		one.stream.Store(true)
	}
}

// flights are the requests that run, so that one does not outlive the token that let it in.
type flights struct {
	mu   sync.Mutex
	open map[*flight]struct{}
}

func (f *flights) begin(one *flight) (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil {
		f.open = map[*flight]struct{}{}
	}
	f.open[one] = struct{}{}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.open, one)
	}
}

func (f *flights) all() []*flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*flight, 0, len(f.open))
	for one := range f.open {
		all = append(all, one)
	}
	return all
}

// recheck ends requests whose token was taken away, and streams whose token has expired; a call that runs when its token
// expires may finish. It returns when the context ends.
func (f *flights) recheck(ctx context.Context, gate *access.Gate) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, one := range f.all() {
			if one.over(ctx, gate) {
				one.cancel()
			}
		}
	}
}

// over looks at the clock first, which counts also while an issuer cannot be asked.
func (f *flight) over(ctx context.Context, gate *access.Gate) bool {
	stream := f.stream.Load()
	if stream && !f.expires.IsZero() && !time.Now().Before(f.expires) {
		return true
	}
	_, err := gate.Identify(ctx, f.token)
	refusal, refused := errors.AsType[*access.Refusal](err)
	switch {
	case !refused, refusal.Kind == access.Unavailable:
		return false
	case refusal.Kind == access.Expired:
		return stream
	}
	return true
}
