// Package egress is the one way out of a plugin's process: an HTTP proxy in the host that connects a plugin to the hosts that it
// declared, and to nothing else. Start reading at [Start].
package egress

import (
	"log/slog"
	"time"
)

// Config is copied by Start. The zero value is usable.
type Config struct {
	// Logger gets what is refused; nil discards.
	Logger *slog.Logger
	// LookupEnv reads the host's environment for HTTPS_PROXY, HTTP_PROXY and NO_PROXY: the proxies that the host itself is behind.
	LookupEnv func(string) (string, bool)
	// Observe is told of every connection at its end, and of every refusal; nil skips it.
	Observe func(Event)
}

// Event is one connection of a plugin.
type Event struct {
	Plugin string
	Host   string // as the plugin named it
	Port   int
	// Refused says why it was not made; empty when it was.
	Refused string
	// Sent and Received are bytes, seen from the plugin.
	Sent, Received int64
	Took           time.Duration
}

// Proxy makes the connections of all plugins of one host.
type Proxy struct{}

// Start readies a proxy. Nothing is listened on before the first [Proxy.Open].
func Start(Config) *Proxy { return &Proxy{} }

// Close ends all connections and doors.
func (p *Proxy) Close() {}

// Door is where one plugin reaches the proxy: a port of its own on loopback, with a password of its own.
type Door struct{}

// Open opens a door for a plugin that may reach these hosts.
func (p *Proxy) Open(plugin string, rules Rules) (*Door, error) { return &Door{}, nil }

// Port is the TCP port on 127.0.0.1.
func (d *Door) Port() uint16 { return 0 }

// URL is what the variables HTTPS_PROXY and HTTP_PROXY of the plugin's process hold: http://plugin:<password>@127.0.0.1:<port>.
func (d *Door) URL() string { return "" }

// Secret is the password in the URL, to be cut out of logs.
func (d *Door) Secret() string { return "" }

// Close ends the door and its connections.
func (d *Door) Close() {}
