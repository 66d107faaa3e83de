package egress

import (
	"context"
	"net"
	"net/netip"
	"time"

	"mcp-server/sdk"
)

// network is what the proxy uses of the machine; tests have another one.
type network struct {
	lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	dial   func(ctx context.Context, address string) (net.Conn, error)
}

func systemNetwork() network {
	return network{
		lookup: func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		},
		dial: func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
	}
}

// attemptEvery is how long an address has to answer before the next one is tried beside it (RFC 8305, section 5).
const attemptEvery = 250 * time.Millisecond

// connect makes a connection to one of the addresses that a target may have. It dials what it has checked and never the
// name again, which could have another address by then.
func (d *Door) connect(ctx context.Context, t target, matched []rule) (net.Conn, error) {
	addresses, err := d.addresses(ctx, t, matched)
	if err != nil {
		return nil, err
	}
	conn, err := d.proxy.network.dialAny(ctx, addresses, t.port)
	if err != nil {
		return nil, unreachable("the host "+t.name(), err)
	}
	return conn, nil
}

// addresses are those of a target that may be connected to, in the resolver's order.
func (d *Door) addresses(ctx context.Context, t target, matched []rule) ([]netip.Addr, error) {
	all := []netip.Addr{t.addr}
	switch {
	case t.host == localhost: // whatever a resolver says (RFC 6761, section 6.3)
		all = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	case t.host != "":
		var err error
		if all, err = d.proxy.network.lookup(ctx, t.host); err != nil {
			return nil, unreachable("the host "+t.host, err)
		}
	}
	var allowed []netip.Addr
	var denied netip.Addr
	for _, a := range all {
		if a = a.Unmap(); d.rules.admits(matched, t, a) {
			allowed = append(allowed, a)
		} else {
			denied = a
		}
	}
	switch {
	case len(allowed) > 0:
		return allowed, nil
	case denied.IsValid():
		return nil, failed(sdk.EgressPrivate, "the host %s has the address %s, which is not public and which plugin %s has not declared", t.name(), denied, d.plugin)
	}
	return nil, failed(sdk.EgressNameUnknown, "the host %s has no address", t.host)
}

// dialAny connects to the first address that answers: each has a head start on the next one.
func (n network) dialAny(ctx context.Context, addresses []netip.Addr, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type attempt struct {
		conn net.Conn
		err  error
	}
	results := make(chan attempt)
	running, next := 0, 0
	start := func() {
		address := netip.AddrPortFrom(addresses[next], port).String()
		next++
		running++
		go func() { // ends with the dial, and with whoever takes its result
			conn, err := n.dial(ctx, address)
			results <- attempt{conn, err}
		}()
	}
	drain := func() {
		for range running {
			if late := <-results; late.conn != nil {
				_ = late.conn.Close()
			}
		}
	}
	start()
	timer := time.NewTicker(attemptEvery)
	defer timer.Stop()
	var first error
	for running > 0 {
		select {
		case <-timer.C:
		case r := <-results:
			running--
			if r.err == nil {
				cancel()
				go drain() // a dial that is cancelled ends at once
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
		}
		if next < len(addresses) && ctx.Err() == nil {
			start()
		}
	}
	return nil, first
}
