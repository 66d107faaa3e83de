package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mcp-server/internal/access"
	"mcp-server/sdk"
)

const (
	// maxRunning is how many calls of one caller run at once, where its own limits say nothing.
	maxRunning = 64
	// recheckEvery is how soon work ends whose caller may not call any more.
	recheckEvery = 5 * time.Second
)

var errRevoked = errors.New("the caller may not call any more")

// work is what runs, for whom. It counts calls, not requests: a call may have no request any more, because it is a task,
// waits for an answer, or its client has gone.
type work struct {
	mu    sync.Mutex
	calls map[*call]context.CancelCauseFunc
}

// enter takes a call in, unless its caller has too many. The context ends when the caller may not call any more.
func (w *work) enter(ctx context.Context, c *call) (context.Context, *CallError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if most := limitOf(c.caller); most > 0 && w.of(c.caller) >= most {
		return ctx, c.fail(PhasePolicy, &sdk.Error{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourceHost, RetryAfter: time.Second,
			Message: fmt.Sprintf("%d calls of this caller are running, tasks and calls that wait for an answer included, and no more may; wait for one to end, or cancel one", most),
		})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	if w.calls == nil {
		w.calls = map[*call]context.CancelCauseFunc{}
	}
	w.calls[c] = cancel
	return ctx, nil
}

func (w *work) leave(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cancel, there := w.calls[c]; there {
		cancel(nil)
		delete(w.calls, c)
	}
}

// of counts a caller's calls. The lock is held.
func (w *work) of(caller access.Caller) int {
	n := 0
	for c := range w.calls {
		if c.caller.Name == caller.Name {
			n++
		}
	}
	return n
}

// limitOf is 0 for the local user, who has no limit.
func limitOf(caller access.Caller) int {
	switch {
	case caller.Name == "":
		return 0
	case caller.Limits.Concurrent > 0:
		return caller.Limits.Concurrent
	}
	return maxRunning
}

// recheck ends the calls of callers who may not call any more, until the channel is closed.
func (w *work) recheck(stop <-chan struct{}, stands func(access.Caller) bool) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.endOthers(stands)
		case <-stop:
			return
		}
	}
}

func (w *work) endOthers(stands func(access.Caller) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, cancel := range w.calls {
		if c.caller.Name != "" && !stands(c.caller) {
			c.logger.Warn("the call is ended, because its caller may not call any more", "caller", c.caller.Name)
			cancel(errRevoked)
		}
	}
}
