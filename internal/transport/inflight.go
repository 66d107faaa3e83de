package transport

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
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
	mu     sync.Mutex
	byID   map[string]*flight
	all    map[*flight]struct{}
	closed bool
	idle   idleness
}

// begin adds a request unless its id is in use, or the session has ended.
func (i *inflight) begin(id json.RawMessage, f *flight) *host.RPCError {
	i.mu.Lock()
	defer i.mu.Unlock()
	f.key = idKey(id)
	if i.closed {
		return refuse(codeNoSession, "the session has ended; send initialize to begin a new one")
	}
	if i.byID[f.key] != nil {
		return refuse(mcp.INVALID_REQUEST, "a request with this id is in flight; ids must be unique")
	}
	if i.byID == nil {
		i.byID, i.all = map[string]*flight{}, map[*flight]struct{}{}
	}
	i.byID[f.key], i.all[f] = f, struct{}{}
	return nil
}

func (i *inflight) end(f *flight) {
	f.cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.byID[f.key] == f {
		delete(i.byID, f.key)
	}
	delete(i.all, f)
	if len(i.all) == 0 {
		i.idle.reached()
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

// close cancels all requests, and lets none begin.
func (i *inflight) close() {
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	i.stop(anyFlight)
}

// none reports whether no request is in flight.
func (i *inflight) none() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.all) == 0
}

// empty returns a channel that is closed once no request is in flight.
func (i *inflight) empty() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.idle.wait(len(i.all) == 0)
}

func anyFlight(*flight) bool   { return true }
func listening(f *flight) bool { return f.listens }
