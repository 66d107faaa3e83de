package transport

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
)

const maxSubscriptions = 1000

// peer is what is known of a client between its requests: one standard input, or one HTTP session. A request of
// 2026-07-28, which says all of it itself, has a peer of its own.
type peer struct {
	id     string
	caller access.Caller
	normal func(string) string
	logger *slog.Logger
	calls  inflight
	asks   asks
	notes  notes

	mu           sync.Mutex
	ready        bool // the client has the answer to its initialize
	level        mcp.LoggingLevel
	info         mcp.Implementation
	capabilities mcp.ClientCapabilities
	version      string
	subscribed   map[string]struct{}
}

func (t *Transport) newPeer(id string, caller access.Caller) *peer {
	// Info is what clients get before they choose: warnings alone would hide what a long call is doing.
	return &peer{id: id, caller: caller, normal: t.cfg.Normal, logger: t.logger, level: mcp.LoggingLevelInfo}
}

// SessionID, Initialize and Initialized are mcp-go's ClientSession, for the calls.
func (p *peer) SessionID() string { return p.id }

// Initialize does nothing: broadcasts begin with markReady, when the client has its answer.
func (p *peer) Initialize() {}

// Initialized reports whether broadcasts may be sent.
func (p *peer) Initialized() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready
}

func (p *peer) markReady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = true
}

func (p *peer) callerOf() access.Caller { return p.caller }

// wants is true for every broadcast: they are not chosen before 2026-07-28.
func (p *peer) wants(string) bool { return p.Initialized() }

// deliver keeps a notification for the client, if it has the answer to its initialize and there is room.
func (p *peer) deliver(n mcp.JSONRPCNotification) {
	if p.Initialized() && !p.notes.add(n) {
		p.logger.Debug("the client does not keep up, and a notification was dropped", "session", p.id, "method", n.Method)
	}
}

// SetLogLevel and GetLogLevel are mcp-go's SessionWithLogging.
func (p *peer) SetLogLevel(level mcp.LoggingLevel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.level = level
}

// GetLogLevel returns the least severe level that the client wants.
func (p *peer) GetLogLevel() mcp.LoggingLevel {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.level
}

// GetClientInfo and the next three are mcp-go's SessionWithClientInfo.
func (p *peer) GetClientInfo() mcp.Implementation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.info
}

// SetClientInfo keeps what the client calls itself.
func (p *peer) SetClientInfo(info mcp.Implementation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info = info
}

// GetClientCapabilities returns what the client has declared.
func (p *peer) GetClientCapabilities() mcp.ClientCapabilities {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.capabilities
}

// SetClientCapabilities keeps what the client has declared.
func (p *peer) SetClientCapabilities(c mcp.ClientCapabilities) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.capabilities = c
}

// ProtocolVersion is the revision that the handshake has chosen; empty before.
func (p *peer) ProtocolVersion() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// SetProtocolVersion is called by mcp-go at the handshake.
func (p *peer) SetProtocolVersion(version string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version = version
}

// SubscribeToResource and the next four are mcp-go's SessionWithResourceSubscriptions, in a bounded form.
func (p *peer) SubscribeToResource(uri string) { _ = p.SubscribeToResourceErr(uri) } // mcp-go prefers the other

// SubscribeToResourceErr refuses one resource too many.
func (p *peer) SubscribeToResourceErr(uri string) error {
	uri = p.normal(uri)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.subscribed == nil {
		p.subscribed = map[string]struct{}{}
	}
	if _, known := p.subscribed[uri]; !known && len(p.subscribed) >= maxSubscriptions {
		return errors.New("a client may subscribe to 1000 resources; unsubscribe from one first")
	}
	p.subscribed[uri] = struct{}{}
	return nil
}

// UnsubscribeFromResource ends a subscription.
func (p *peer) UnsubscribeFromResource(uri string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.subscribed, p.normal(uri))
}

// SubscribedResources returns the resources that the client wants to hear of.
func (p *peer) SubscribedResources() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	uris := make([]string, 0, len(p.subscribed))
	for uri := range p.subscribed {
		uris = append(uris, uri)
	}
	return uris
}

// IsSubscribedToResource reports whether the client wants to hear of the resource.
func (p *peer) IsSubscribedToResource(uri string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.subscribed[uri]
	return ok
}
