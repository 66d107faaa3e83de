package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// crowd bounds the connections that come from one address, so that one machine cannot take them all.
type crowd struct {
	net.Listener
	most    int
	refused func(remote string)

	mu   sync.Mutex
	open map[netip.Prefix]int
}

func newCrowd(l net.Listener, most int, refused func(string)) *crowd {
	return &crowd{Listener: l, most: most, refused: refused, open: map[netip.Prefix]int{}}
}

// Accept closes connections beyond the bound at once.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := network(conn.RemoteAddr())
		if c.enter(from) {
			return &guest{Conn: conn, leave: sync.OnceFunc(func() { c.leave(from) })}, nil
		}
		c.refused(conn.RemoteAddr().String())
		_ = conn.Close() // nothing was read
	}
}

func (c *crowd) enter(from netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[from] >= c.most {
		return false
	}
	c.open[from]++
	return true
}

func (c *crowd) leave(from netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[from]--; c.open[from] <= 0 {
		delete(c.open, from)
	}
}

// network is what one machine can choose its address from: all of it in IPv4, a /64 in IPv6.
func network(a net.Addr) netip.Prefix {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return netip.PrefixFrom(ip, 32)
	}
	p, _ := ip.Prefix(64) // 64 bits fit
	return p
}

type guest struct {
	net.Conn
	leave func()
}

// Close gives the place back.
func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}

// visitors closes idle connections on which nobody has shown a good token, soon: they cost others their place.
type visitors struct {
	limit time.Duration
	all   sync.Map // of net.Conn to *visitor
}

type visitor struct {
	known atomic.Bool // sent a good token
	mu    sync.Mutex
	idle  *time.Timer // nil while a request runs
}

type visitorKey struct{}

// meet is the server's ConnContext.
func (v *visitors) meet(ctx context.Context, c net.Conn) context.Context {
	one := &visitor{}
	v.all.Store(c, one)
	return context.WithValue(ctx, visitorKey{}, one)
}

// greet notes that the request's connection is one of somebody known.
func greet(ctx context.Context) {
	if one, ok := ctx.Value(visitorKey{}).(*visitor); ok {
		one.known.Store(true)
	}
}

// follow is the server's ConnState.
func (v *visitors) follow(c net.Conn, state http.ConnState) {
	found, _ := v.all.Load(c)
	one, ok := found.(*visitor)
	if !ok {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.idle != nil {
		one.idle.Stop()
		one.idle = nil
	}
	switch state {
	case http.StateIdle:
		if !one.known.Load() {
			one.idle = time.AfterFunc(v.limit, func() { _ = c.Close() })
		}
	case http.StateClosed, http.StateHijacked:
		v.all.Delete(c)
	case http.StateNew, http.StateActive:
	}
}
