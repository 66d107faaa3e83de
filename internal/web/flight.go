package web

import (
	"context"
	"errors"
	"sync"
	"time"

	"mcp-server/internal/access"
)

const recheckEvery = 5 * time.Second

// flight is a request that runs with a token.
type flight struct {
	token  string
	stream bool // a GET, which may stay open for days
	cancel context.CancelFunc
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
			_, err := gate.Identify(ctx, one.token)
			refusal, refused := errors.AsType[*access.Refusal](err)
			if !refused || refusal.Kind == access.Unavailable || refusal.Kind == access.Expired && !one.stream {
				continue
			}
			one.cancel()
		}
	}
}
