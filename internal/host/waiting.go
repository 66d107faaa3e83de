package host

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// maxWaiting bounds how many calls of one caller wait for answers.
const maxWaiting = 100

// waiting are the calls that wait for a client's answers, by the requestState that the client sends back. A state is a
// random text that is good for one answer: nothing about the call can be read from it or forged.
type waiting struct {
	mu      sync.Mutex
	byState map[string]waitingCall
}

type waitingCall struct {
	running *running
	asked   *asking
}

// add returns the state for a call's questions; empty when the caller has too many already. Over says that nobody waits for
// the answers any more.
func (w *waiting) add(r *running, a *asking) (state string, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if isClosed(a.over) {
		return "", true
	}
	if w.byState == nil {
		w.byState = map[string]waitingCall{}
	}
	n := 0
	for _, other := range w.byState {
		if other.running.caller.Name == r.caller.Name {
			n++
		}
	}
	if n >= maxWaiting {
		return "", false
	}
	state = rand.Text()
	w.byState[state] = waitingCall{running: r, asked: a}
	return state, false
}

// take returns the call that waits under a state, once, to the caller who made the same request before.
func (w *waiting) take(state string, caller access.Caller, again Request) (waitingCall, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, known := w.byState[state]
	if !known || c.running.caller.Key() != caller.Key() || c.running.request.Kind != again.Kind || c.running.request.Name != again.Name ||
		!bytes.Equal(compact(c.running.request.Arguments), compact(again.Arguments)) {
		return waitingCall{}, &sdk.Error{
			Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument,
			Message: "the requestState is not one that waits for answers to this request: it was changed, used before or waited for too long; call again without it",
		}
	}
	delete(w.byState, state)
	return c, nil
}

// close says that nobody waits for the answers any more. The state stays good: a client that comes back with it hears how the
// call went on without them.
func (w *waiting) close(a *asking) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(a.over)
}

// ended forgets a call some time after its end, in which its client may still come back.
func (w *waiting) ended(r *running) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.byState {
		if c.running == r {
			time.AfterFunc(askTimeout, func() { w.forget(r) })
			return
		}
	}
}

func (w *waiting) forget(r *running) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for state, c := range w.byState {
		if c.running == r {
			delete(w.byState, state)
		}
	}
}

func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if len(bytes.TrimSpace(raw)) == 0 || json.Compact(&b, raw) != nil {
		return []byte("{}")
	}
	return b.Bytes()
}

// askLater answers a request with the questions that are still open: the client comes back with another request. Over says
// that nobody waits for the answers any more.
func (h *Host) askLater(r *running, a *asking) (end ending, over bool, err error) {
	asks := mcp.InputRequests{}
	for _, q := range a.open() {
		request, err := inputRequest(q)
		if err != nil {
			r.cancel(nil)
			return ending{}, false, badAnswer(r.request.Name, err)
		}
		asks[q.GetKey()] = request
	}
	state, over := h.waiting.add(r, a)
	if state == "" && !over {
		r.cancel(nil)
		return ending{}, false, &sdk.Error{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourceHost, Message: "too many calls of yours wait for answers; answer or end them first",
		}
	}
	return ending{asks: &mcp.MultiRoundTripResult{InputRequests: asks, RequestState: state}}, over, nil
}

// inputRequest is a question in mcp-go's type.
func inputRequest(q *pluginv1.Question) (r mcp.InputRequest, err error) {
	encoded, err := json.Marshal(map[string]any{"method": q.GetMethod(), "params": json.RawMessage(q.GetParams())})
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(encoded, &r)
}
