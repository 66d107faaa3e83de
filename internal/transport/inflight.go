package transport

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// flight is a request that is queued or running.
type flight struct {
	key       string
	cancel    context.CancelFunc
	out       *stream
	listens   bool // it ends only when it is cancelled
	counted   bool // by a gate
	cancelled atomic.Bool
}

// inflight are the requests of one connection or session, by id. Another's ids mean nothing here.
type inflight struct {
	mu   sync.Mutex
	byID map[string]*flight
	all  map[*flight]struct{}
	idle chan struct{} // closed when none is left; nil while nobody waits
}

// begin adds a request unless its id is in use.
func (i *inflight) begin(id json.RawMessage, f *flight) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	f.key = idKey(id)
	if i.byID[f.key] != nil {
		return false
	}
	if i.byID == nil {
		i.byID, i.all = map[string]*flight{}, map[*flight]struct{}{}
	}
	i.byID[f.key], i.all[f] = f, struct{}{}
	return true
}

func (i *inflight) end(f *flight) {
	f.cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.byID[f.key] == f {
		delete(i.byID, f.key)
	}
	delete(i.all, f)
	if len(i.all) == 0 && i.idle != nil {
		close(i.idle)
		i.idle = nil
	}
}

// cancel ends a request for its client: nothing more is sent for it. An id that is not in flight is ignored.
func (i *inflight) cancel(id json.RawMessage) {
	i.mu.Lock()
	f := i.byID[idKey(id)]
	if f != nil {
		delete(i.byID, f.key)
	}
	i.mu.Unlock()
	if f == nil {
		return
	}
	f.cancelled.Store(true)
	f.out.discard()
	f.cancel()
}

// stop cancels the requests that are chosen, whose clients still get what they answer.
func (i *inflight) stop(chosen func(*flight) bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for f := range i.all {
		if chosen(f) {
			f.cancel()
		}
	}
}

// empty returns a channel that is closed once no request is in flight.
func (i *inflight) empty() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.idle == nil {
		i.idle = make(chan struct{})
		if len(i.all) == 0 {
			done := i.idle
			close(done)
			i.idle = nil
			return done
		}
	}
	return i.idle
}

func anyFlight(*flight) bool   { return true }
func listening(f *flight) bool { return f.listens }

// gate counts what is bounded, in all and for each caller.
type gate struct {
	most, mostEach int
	mu             sync.Mutex
	all            int
	each           map[string]int
	idle           chan struct{} // as in inflight
}

func (g *gate) enter(caller string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= g.most || g.each[caller] >= g.mostEach {
		return false
	}
	if g.each == nil {
		g.each = map[string]int{}
	}
	g.all++
	g.each[caller]++
	return true
}

func (g *gate) leave(caller string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.each[caller]--; g.each[caller] == 0 {
		delete(g.each, caller)
	}
	if g.all == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// empty returns a channel that is closed once nothing is counted.
func (g *gate) empty() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	return g.idle
}
