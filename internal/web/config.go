package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mcp-server/internal/access"
)

// Config is what a server is made of. Only Addr and MCP are needed on a loopback address.
type Config struct {
	// Addr is where to listen, as HOST:PORT. Port 0 takes a free one.
	Addr string
	// MCP is the handler of the MCP endpoint, /mcp. Its requests carry their [access.Caller] in the context.
	MCP http.Handler
	// Access knows the callers. When nil, every request is the local user's, and Addr must be loopback.
	Access *access.Gate
	// TLSCert and TLSKey name PEM files, which are read again when they change. Both or none.
	TLSCert, TLSKey string
	// InsecureHTTP allows a server without TLS on an address that is not loopback, as behind a proxy that has it.
	InsecureHTTP bool
	// PublicURL is where clients reach the server when that is not Addr, such as https://mcp.example.com.
	PublicURL string
	// AllowOrigins lists the origins of web pages that may call, beside the server's own.
	AllowOrigins []string
	// Artifacts serves /artifacts; nothing is there when nil.
	Artifacts Artifacts
	// Metrics serves /metrics; nothing is there when nil.
	Metrics http.Handler
	// MetricsAddr is a further address, on which /metrics and the health checks are served to anybody who reaches it.
	MetricsAddr string
	// Ready says why the server cannot work now; nil when it always can.
	Ready func() error
	// OnDrain is called when the server begins to end, with what time is left; it ends streams that would stay open.
	OnDrain func(context.Context)
	// DrainDelay is how long the server still accepts requests after it was told to end, while /readyz says 503: time for
	// a load balancer to notice.
	DrainDelay time.Duration
	// Refused is told of every request and connection that is turned away; nil for nobody. It must return at once.
	Refused func(Refusal)
	// Observe is told of every request when it has been answered; nil for nobody.
	Observe func(Observation)
	// Limits bound what clients use.
	Limits Limits
	// Logger gets one line per request at debug level; none when nil.
	Logger *slog.Logger
}

// Observation is what is known of a request after its answer.
type Observation struct {
	Method string
	Route  string // the pattern that matched, such as /mcp; a path that nobody knows is "other"
	Status int
	Bytes  int64 // of the answer's body
	Caller string
	Took   time.Duration
}

// Limits bound what clients use. A zero value stands for the default.
type Limits struct {
	BodyBytes   int64         // of a request; 8 MiB
	BodyTime    time.Duration // for the whole body of a request; 60 s
	HeaderBytes int           // of a request; 64 KiB
	HeaderTime  time.Duration // for the header, and for TLS; 10 s
	IdleTime    time.Duration // between two requests of a connection; 90 s
	// StrangerIdle is IdleTime for connections on which no good token came yet; 5 s.
	StrangerIdle time.Duration
	WriteTime    time.Duration // for each 64 KiB that a client reads, so that a stream may stay open; 30 s
	Drain        time.Duration // for running requests when the server ends; 30 s
	Connections  int           // at once; more wait to be accepted; 2048
	// PerAddress bounds the connections of one IPv4 address or IPv6 /64; 256 for a server with TLS, and no bound for one
	// without, which sees a proxy's address or the machine's own.
	PerAddress int
	Callers    int // that are remembered at once; 10000
	Streams    int // open event streams of one caller; 64
	PerMinute  int // calls of one caller; 600
	Concurrent int // running calls of one caller; 64
}

func (l Limits) withDefaults() Limits {
	l.BodyBytes = cmp.Or(l.BodyBytes, 8<<20)
	l.BodyTime = cmp.Or(l.BodyTime, time.Minute)
	l.HeaderBytes = cmp.Or(l.HeaderBytes, 64<<10)
	l.HeaderTime = cmp.Or(l.HeaderTime, 10*time.Second)
	l.IdleTime = cmp.Or(l.IdleTime, 90*time.Second)
	l.StrangerIdle = cmp.Or(l.StrangerIdle, min(5*time.Second, l.IdleTime))
	l.WriteTime = cmp.Or(l.WriteTime, 30*time.Second)
	l.Drain = cmp.Or(l.Drain, 30*time.Second)
	l.Connections = cmp.Or(l.Connections, 2048)
	l.Callers = cmp.Or(l.Callers, 10_000)
	l.Streams = cmp.Or(l.Streams, 64)
	l.PerMinute = cmp.Or(l.PerMinute, 600)
	l.Concurrent = cmp.Or(l.Concurrent, 64)
	return l
}

// perAddress is the bound in effect.
func (c Config) perAddress() int {
	switch {
	case c.Limits.PerAddress > 0:
		return c.Limits.PerAddress
	case c.TLSCert == "" || loopbackAddr(c.Addr):
		return c.Limits.Connections
	}
	return 256
}

// check refuses what would be open to anybody, and says which flags make it right.
func (c Config) check() error {
	if err := checkAddr("--http", c.Addr); err != nil {
		return err
	}
	if c.MetricsAddr != "" {
		if err := checkAddr("--metrics-addr", c.MetricsAddr); err != nil {
			return err
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together; give both, or none")
	}
	if c.DrainDelay < 0 {
		return errors.New("--drain-delay is negative; write it as 5s")
	}
	if loopbackAddr(c.Addr) {
		return nil
	}
	switch {
	case c.Access == nil:
		return fmt.Errorf("%s can be reached from other machines, and anybody there could call the tools; give the callers' tokens or OAuth "+
			"with --access FILE, or listen on this machine alone with --http 127.0.0.1:8080", c.Addr)
	case !c.Access.Guards():
		return fmt.Errorf("%s can be reached from other machines, and the access file has neither a caller nor oauth; "+
			"add one with mcp-server token new, or listen on this machine alone with --http 127.0.0.1:8080", c.Addr)
	case c.TLSCert == "" && !c.InsecureHTTP:
		return fmt.Errorf("%s can be reached from other machines, and without TLS anybody on the way could read the tokens; give --tls-cert "+
			"and --tls-key, or --insecure-http when a proxy in front has TLS", c.Addr)
	}
	return nil
}

func checkAddr(flag, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if n, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || n > 65535 {
		return fmt.Errorf("%s %q is no address; write HOST:PORT, such as 127.0.0.1:8080", flag, addr)
	}
	return nil
}

// loopbackAddr says that only this machine reaches an address. No host means all of the machine's addresses.
func loopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && access.LoopbackHost(host)
}

// origin returns the scheme, host and port of a URL in the form that browsers send.
func origin(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", fmt.Errorf("%q is no origin; write it as https://app.example.com", text)
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	}
	if scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host, nil
}
