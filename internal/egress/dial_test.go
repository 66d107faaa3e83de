package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mcp-server/sdk"
)

// TestRebinding has a name that is public when it is checked and private the next time it is looked up.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	inner := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	var dialled []string
	k := open(t, []string{"rebind.test"}, names(map[string][]string{"rebind.test": {"8.8.8.8", "127.0.0.1"}}), wired(inner.Listener.Addr().String(), &dialled))
	if _, _, err := get(t, k.client(t), "http://rebind.test/"); err != nil || asked.Load() != 1 {
		t.Fatalf("got %v", err)
	}
	response, body, err := get(t, k.client(t), "http://rebind.test/")
	if err != nil || response.status != http.StatusForbidden || !strings.Contains(body, "127.0.0.1, which is not public") {
		t.Errorf("got %v, %s, %v", response, body, err)
	}
	if !slices.Equal(dialled, []string{"8.8.8.8:80"}) || asked.Load() != 1 {
		t.Errorf("dialled %v", dialled)
	}
}

// TestAddresses says which addresses of a name are connected to.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hosts []string
		to    string
		have  string
		want  string // empty when it is refused
	}{
		"public":                    {[]string{"a.test"}, "a.test:443", "8.8.8.8 2a00::1", "8.8.8.8 2a00::1"},
		"private ones are left out": {[]string{"a.test"}, "a.test:443", "10.0.0.1 8.8.8.8 ::1", "8.8.8.8"},
		"mapped":                    {[]string{"a.test"}, "a.test:443", "::ffff:8.8.8.8", "8.8.8.8"},
		"mapped and private":        {[]string{"a.test"}, "a.test:443", "::ffff:10.0.0.1", ""},
		"all private":               {[]string{"a.test"}, "a.test:443", "169.254.169.254 10.0.0.1 fd00::1 fe80::1 64:ff9b::7f00:1", ""},
		"declared beside the name":  {[]string{"a.test", "10.0.0.1"}, "a.test:443", "10.0.0.1 10.0.0.2", "10.0.0.1"},
		"declared for another port": {[]string{"a.test", "10.0.0.1:9"}, "a.test:443", "10.0.0.1", ""},
		"chosen by the user":        {[]string{"$CHOSEN"}, "sub.chosen.test:1", "10.0.0.1", "10.0.0.1"},
		"chosen and declared":       {[]string{"sub.chosen.test:1", "$CHOSEN"}, "sub.chosen.test:1", "10.0.0.1", "10.0.0.1"},
		"literal":                   {[]string{"169.254.169.254"}, "169.254.169.254:80", "", "169.254.169.254"},
		"localhost":                 {[]string{"localhost"}, "localhost:80", "8.8.8.8", "127.0.0.1 ::1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := open(t, test.hosts, func(p *Proxy) {
				p.network.lookup = func(context.Context, string) ([]netip.Addr, error) {
					var all []netip.Addr
					for _, a := range strings.Fields(test.have) {
						all = append(all, netip.MustParseAddr(a))
					}
					return all, nil
				}
			})
			to, _, err := parseHost(test.to)
			if err != nil {
				t.Fatal(err)
			}
			matched, _ := k.door.rules.match(to)
			got, err := k.door.addresses(t.Context(), to, matched)
			var texts []string
			for _, a := range got {
				texts = append(texts, a.String())
			}
			if strings.Join(texts, " ") != test.want || (err != nil) != (test.want == "") {
				t.Errorf("got %v, %v, want %s", texts, err, test.want)
			}
		})
	}
}

// TestDialAny has addresses that refuse, hang and answer.
func TestDialAny(t *testing.T) {
	t.Parallel()
	hang, refuse, answer := netip.MustParseAddr("1.0.0.1"), netip.MustParseAddr("1.0.0.2"), netip.MustParseAddr("1.0.0.3")
	for _, test := range []struct {
		addresses []netip.Addr
		want      string
		took      time.Duration
	}{
		{[]netip.Addr{answer, hang}, "1.0.0.3:443", 0},
		{[]netip.Addr{refuse, answer}, "1.0.0.3:443", 0},
		{[]netip.Addr{hang, answer}, "1.0.0.3:443", attemptEvery},
		{[]netip.Addr{hang, hang, refuse, answer}, "1.0.0.3:443", 2 * attemptEvery},
		{[]netip.Addr{refuse, refuse}, "", 0},
		{[]netip.Addr{hang, refuse}, "", time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := network{dial: func(ctx context.Context, address string) (net.Conn, error) {
				switch {
				case strings.HasPrefix(address, hang.String()):
					<-ctx.Done()
					return nil, ctx.Err()
				case strings.HasPrefix(address, refuse.String()):
					return nil, errors.New("refused " + address)
				}
				near, far := net.Pipe()
				_ = far.Close()
				return named{near, address}, nil
			}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			conn, err := n.dialAny(ctx, test.addresses, 443)
			if (err != nil) != (test.want == "") || conn != nil && conn.(named).address != test.want { //nolint:errcheck // the dial above made it
				t.Errorf("%v: got %v, %v", test.addresses, conn, err)
			}
			if took := time.Since(start); took != test.took {
				t.Errorf("%v: took %s", test.addresses, took)
			}
			if conn != nil {
				_ = conn.Close()
			}
			synctest.Wait() // nothing is left
		})
	}
}

type named struct {
	net.Conn
	address string
}

func TestKindsOfFailures(t *testing.T) {
	t.Parallel()
	closed := listen(t, func(*net.TCPConn) {})
	silent, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	free := silent.Addr().String()
	_ = silent.Close()
	hang := func(p *Proxy) {
		p.limits.connect = 50 * time.Millisecond
		p.network.dial = func(ctx context.Context, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	}
	resolver := func(err error) change {
		return func(p *Proxy) {
			p.network.lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, err }
		}
	}
	for name, test := range map[string]struct {
		to     string
		change change
		kind   sdk.EgressKind
		status int
	}{
		"nobody listens": {free, func(*Proxy) {}, sdk.EgressNoListener, 502},
		"hangs":          {"127.0.0.1:9", hang, sdk.EgressTimeout, 504},
		"no name":        {"a.test:80", resolver(&net.DNSError{IsNotFound: true}), sdk.EgressNameUnknown, 502},
		"no resolver":    {"a.test:80", resolver(&net.DNSError{IsTemporary: true}), sdk.EgressNameLookup, 502},
		"no address":     {"a.test:80", resolver(nil), sdk.EgressNameUnknown, 502},
		"hangs up":       {closed, func(*Proxy) {}, sdk.EgressBroken, 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := open(t, []string{test.to}, test.change)
			response, body, err := get(t, k.client(t), "http://"+test.to+"/")
			if err != nil || response.status != test.status || response.header.Get(sdk.EgressHeader) != string(test.kind) {
				t.Fatalf("plain: got %v, %s, %v", response, body, err)
			}
			if e := k.event(t); e.Kind != test.kind || e.Refused+"\n" != body {
				t.Errorf("event %+v", e)
			}
			if test.kind == sdk.EgressBroken {
				return
			}
			if _, _, answer := k.connect(t, test.to); answer.StatusCode != test.status || answer.Header.Get(sdk.EgressHeader) != string(test.kind) {
				t.Errorf("tunnel: got %s", answer.Status)
			}
		})
	}
}

// TestGivingUp has a plugin that goes away while its target is looked for.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	dialling, ended := make(chan struct{}), make(chan struct{})
	k := open(t, []string{"8.8.8.8"}, func(p *Proxy) {
		p.network.dial = func(ctx context.Context, _ string) (net.Conn, error) {
			close(dialling)
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		}
	})
	conn, _ := k.raw(t)
	_, _ = io.WriteString(conn, "CONNECT 8.8.8.8:443 HTTP/1.1\r\nHost: x\r\n"+k.authorization()+"\r\n")
	<-dialling
	_ = conn.Close()
	<-ended
	if e := k.event(t); e.Kind != sdk.EgressCanceled {
		t.Errorf("event %+v", e)
	}
}
