package egress

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"mcp-server/internal/lograte"
	"mcp-server/sdk"
)

const (
	maxHeader = 64 << 10
	doorUser  = "plugin"
)

// Door is where one plugin reaches the proxy: a port of its own on loopback, with a password of its own. It answers HTTP/1.1:
// CONNECT for a tunnel, and requests with an absolute URL for plain http.
type Door struct {
	proxy    *Proxy
	plugin   string
	rules    Rules
	secret   string
	listener *listener
	server   *http.Server
	refusals *lograte.Turns

	ctx     context.Context //nolint:containedctx // the life of the door, which ends the tunnels that outlive their handlers' requests
	end     context.CancelFunc
	mu      sync.Mutex
	closed  bool
	working sync.WaitGroup // the handlers, tunnels included
	serving sync.WaitGroup
}

func newDoor(p *Proxy, plugin string, rules Rules) (*Door, error) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("opening a door for %s: %w", plugin, err)
	}
	d := &Door{proxy: p, plugin: plugin, rules: rules, secret: rand.Text(), refusals: lograte.New()}
	d.listener = &listener{TCPListener: l, most: int64(p.limits.connections)}
	d.ctx, d.end = context.WithCancel(context.Background())
	d.server = &http.Server{
		Handler:           d,
		ReadHeaderTimeout: p.limits.header, IdleTimeout: p.limits.idle, MaxHeaderBytes: maxHeader,
		Protocols:                    new(http.Protocols),
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0), // what a plugin gets wrong it is told itself
		BaseContext:                  func(net.Listener) context.Context { return d.ctx },
		ConnContext:                  d.listener.enter,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed { // one that is hijacked leaves at the tunnel's end
				d.listener.leave()
			}
		},
	}
	d.server.Protocols.SetHTTP1(true)
	d.serving.Go(func() { _ = d.server.Serve(d.listener) }) // ends with Close
	return d, nil
}

// Port is the TCP port on 127.0.0.1.
func (d *Door) Port() uint16 { return d.listener.Addr().(*net.TCPAddr).AddrPort().Port() } //nolint:errcheck // newDoor made it

// URL is what the variables HTTPS_PROXY and HTTP_PROXY of the plugin's process hold: http://plugin:<password>@127.0.0.1:<port>.
func (d *Door) URL() string {
	u := url.URL{Scheme: "http", User: url.UserPassword(doorUser, d.secret), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(int(d.Port())))}
	return u.String()
}

// Secret is the password in the URL, to be cut out of logs.
func (d *Door) Secret() string { return d.secret }

// Close ends the door and its connections, and waits until they are gone.
func (d *Door) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.end()
	_ = d.server.Close()
	_ = d.listener.Close() // a server that had not begun to serve does not know it
	d.serving.Wait()
	d.working.Wait()
	d.proxy.forget(d)
}

// begin counts a handler, which Close waits for.
func (d *Door) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.working.Add(1)
	}
	return !d.closed
}

// ServeHTTP answers one request of the plugin.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !d.begin() {
		panic(http.ErrAbortHandler)
	}
	defer d.working.Done()
	x := newExchange(d, r)
	err := d.admit(r)
	switch {
	case r.Method == http.MethodConnect:
		x.tunnel(w, r, err)
	case err != nil:
		x.refuse(w, err)
	default:
		x.forward(w, r)
	}
}

// admit says why a request is not even looked at.
func (d *Door) admit(r *http.Request) error {
	switch {
	case !d.knows(r.Header.Get("Proxy-Authorization")):
		return failed(sdk.EgressPassword, "the proxy wants the user and the password of its URL")
	case d.listener.crowded(r.Context()):
		return failed(sdk.EgressBusy, "plugin %s has %d connections open, the most there may be; close some", d.plugin, d.listener.most)
	}
	return nil
}

// knows checks the password, in a time that does not depend on how much of it is right.
func (d *Door) knows(authorization string) bool {
	scheme, value, _ := strings.Cut(authorization, " ")
	given, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	a, b := sha256.Sum256(given), sha256.Sum256([]byte(doorUser+":"+d.secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && err == nil && strings.EqualFold(scheme, "Basic")
}

// listener counts connections. One too many is answered, so that the plugin's author learns of it; twice as many are closed at once.
type listener struct {
	*net.TCPListener
	most int64
	open atomic.Int64
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		if l.open.Load() < 2*l.most {
			return conn, nil
		}
		_ = conn.Close()
	}
}

type crowdedKey struct{}

func (l *listener) enter(ctx context.Context, _ net.Conn) context.Context {
	if l.open.Add(1) > l.most {
		return context.WithValue(ctx, crowdedKey{}, true)
	}
	return ctx
}

func (l *listener) leave() { l.open.Add(-1) }

func (l *listener) crowded(ctx context.Context) bool { return ctx.Value(crowdedKey{}) != nil }
