package transport

import (
	"encoding/json"
	"maps"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// listener is a call of subscriptions/listen: a session that gets the broadcasts which its filter lets through, each
// tagged with the id of the request. None comes before the acknowledgement.
type listener struct {
	*call
	tag json.RawMessage

	filterMu sync.Mutex
	filter   mcp.SubscriptionFilter
	acked    bool
}

// Initialize does nothing: broadcasts begin with the acknowledgement.
func (l *listener) Initialize() {}

// Initialized keeps broadcasts back until the acknowledgement is in the stream.
func (l *listener) Initialized() bool {
	l.filterMu.Lock()
	defer l.filterMu.Unlock()
	return l.acked
}

// SetSubscriptionFilter and SubscriptionFilter are mcp-go's SessionWithSubscriptionFilter.
func (l *listener) SetSubscriptionFilter(filter mcp.SubscriptionFilter) {
	l.filterMu.Lock()
	defer l.filterMu.Unlock()
	l.filter = filter
}

// SubscriptionFilter is always active: without one mcp-go would send everything.
func (l *listener) SubscriptionFilter() (mcp.SubscriptionFilter, bool) {
	l.filterMu.Lock()
	defer l.filterMu.Unlock()
	return l.filter, true
}

// hear puts a notification into the stream, in the place of the call's own encoding.
func (l *listener) hear(n mcp.JSONRPCNotification) {
	meta := maps.Clone(n.Params.Meta) // a broadcast shares it with the other sessions
	if meta == nil {
		meta = map[string]any{}
	}
	meta[mcp.MetaKeySubscriptionID] = l.tag
	n.Params.Meta = meta
	if e, ok := encodeNote(n); ok {
		l.out.push(e)
	}
	if n.Method == mcp.MethodNotificationSubscriptionsAcknowledged {
		l.filterMu.Lock()
		l.acked = true
		l.filterMu.Unlock()
	}
}

// wants reports whether the client has asked for a broadcast. What the filter does not know it cannot ask for.
func (l *listener) wants(method string) bool {
	l.filterMu.Lock()
	defer l.filterMu.Unlock()
	switch method {
	case mcp.MethodNotificationToolsListChanged:
		return l.acked && l.filter.ToolsListChanged
	case mcp.MethodNotificationPromptsListChanged:
		return l.acked && l.filter.PromptsListChanged
	case mcp.MethodNotificationResourcesListChanged:
		return l.acked && l.filter.ResourcesListChanged
	}
	return false
}

func (l *listener) deliver(n mcp.JSONRPCNotification) {
	if l.Initialized() {
		l.hear(n)
	}
}
