package transport

import (
	"slices"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// waitingNotes is how many broadcasts may wait for a client; more are dropped.
const waitingNotes = 64

// notes are the broadcasts that wait for one client. They only say that something can be read again, so the later of
// two of the same stands for both. A client that no stream is open to, as nearly every HTTP session, costs what waits.
type notes struct {
	mu      sync.Mutex
	waiting []mcp.JSONRPCNotification
	more    chan struct{} // holds one when something waits; nil until someone reads
}

// add never waits. It reports whether there was room.
func (n *notes) add(note mcp.JSONRPCNotification) bool {
	topic := topicOf(note)
	n.mu.Lock()
	defer n.mu.Unlock()
	if at := slices.IndexFunc(n.waiting, func(old mcp.JSONRPCNotification) bool { return topicOf(old) == topic }); at >= 0 {
		n.waiting[at] = note
		return true
	}
	if len(n.waiting) >= waitingNotes {
		return false
	}
	n.waiting = append(n.waiting, note)
	n.signal()
	return true
}

// ready returns what holds one when take has something.
func (n *notes) ready() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.more == nil {
		n.more = make(chan struct{}, 1)
	}
	if len(n.waiting) > 0 {
		n.signal()
	}
	return n.more
}

func (n *notes) take() []mcp.JSONRPCNotification {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.waiting
	n.waiting = nil
	return taken
}

func (n *notes) signal() {
	select {
	case n.more <- struct{}{}:
	default: // there is one, or nobody reads
	}
}

// topicOf is the same for notifications of which the later says all.
func topicOf(n mcp.JSONRPCNotification) string {
	if n.Method != mcp.MethodNotificationResourceUpdated {
		return n.Method
	}
	uri, _ := n.Params.AdditionalFields["uri"].(string)
	return n.Method + " " + uri
}
