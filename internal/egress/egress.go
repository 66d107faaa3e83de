// Package egress is the one way out of a plugin's process: an HTTP proxy in the host that connects a plugin to the hosts that it
// declared, and to nothing else. Start reading at [Start].
package egress

import (
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"mcp-server/sdk"
)

// Config is copied by Start. The zero value is usable.
type Config struct {
	// Logger gets what is refused; nil discards.
	Logger *slog.Logger
	// LookupEnv reads the host's environment for HTTPS_PROXY, HTTP_PROXY and NO_PROXY: the proxies that the host itself is behind.
	// Such a proxy looks names up itself, so behind one only addresses that a plugin writes out are checked.
	LookupEnv func(string) (string, bool)
	// Observe is told of every connection at its end, and of every refusal; nil skips it. It is called from many goroutines.
	Observe func(Event)
}

// Event is one connection of a plugin, or one request over plain http.
type Event struct {
	Plugin string
	Host   string // as the plugin named it
	Port   int
	// Rule is the declared entry that allowed the host, such as *.example.com or $ENDPOINT; empty when none did. There are as many
	// as were declared, while a plugin can make up any number of hosts.
	Rule string
	// Refused says why it was not made; empty when it was.
	Refused string
	// Kind is the kind of the failure; empty when the connection was made and ended.
	Kind sdk.EgressKind
	// Sent and Received are bytes, seen from the plugin.
	Sent, Received int64
	Took           time.Duration
}

// limits are the bounds of a proxy; tests shorten them.
type limits struct {
	header      time.Duration // for a request's head to arrive
	idle        time.Duration // of a connection between two requests
	connect     time.Duration // to look up, to dial and to get through the host's own proxy
	halfClosed  time.Duration // without a byte, once one side of a tunnel has ended
	linger      time.Duration // for a refusal to be read
	connections int           // of one door
}

func defaultLimits() limits {
	return limits{header: 10 * time.Second, idle: 5 * time.Minute, connect: 15 * time.Second, halfClosed: 2 * time.Minute, linger: time.Second, connections: 256}
}

// Proxy makes the connections of all plugins of one host.
type Proxy struct {
	config   Config
	limits   limits
	network  network
	upstream upstream
	buffers  buffers

	mu     sync.Mutex
	doors  map[*Door]bool
	closed bool
}

// Start readies a proxy. Nothing is listened on before the first [Proxy.Open].
func Start(c Config) *Proxy {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	if c.LookupEnv == nil {
		c.LookupEnv = func(string) (string, bool) { return "", false }
	}
	return &Proxy{
		config: c, limits: defaultLimits(), network: systemNetwork(), upstream: upstreamOf(c.LookupEnv), doors: map[*Door]bool{},
	}
}

// Open opens a door for a plugin that may reach these hosts.
func (p *Proxy) Open(plugin string, rules Rules) (*Door, error) {
	d, err := newDoor(p, plugin, rules)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	closed := p.closed
	p.doors[d] = true
	p.mu.Unlock()
	if closed {
		d.Close()
		return nil, errors.New("opening a door for " + plugin + ": the proxy is closed")
	}
	return d, nil
}

// Close ends all connections and doors, and waits until they are gone.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	doors := make([]*Door, 0, len(p.doors))
	for d := range p.doors {
		doors = append(doors, d)
	}
	p.mu.Unlock()
	for _, d := range doors {
		d.Close()
	}
}

func (p *Proxy) forget(d *Door) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.doors, d)
}

// target is where a request wants to go.
type target struct {
	host string     // in lower case, as punycode, without a final dot; empty when it is an address
	addr netip.Addr // when the host is an address; never IPv4 written as IPv6
	port uint16
}

func (t target) name() string {
	if t.host != "" {
		return t.host
	}
	return t.addr.String()
}
