package egress

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/sdk"
)

// kit is a proxy with one door.
type kit struct {
	*Proxy
	door *Door
	log  *bytes.Buffer // to be read after the end of what logs

	mu     sync.Mutex
	events []Event
	more   chan struct{}
}

type change func(*Proxy)

// open makes a door through which the hosts may be reached. Names have the addresses of the table; what is dialled is real.
func open(t *testing.T, hosts []string, changes ...change) *kit {
	t.Helper()
	k := &kit{log: &bytes.Buffer{}, more: make(chan struct{}, 1000)}
	k.Proxy = Start(Config{Logger: slog.New(slog.NewTextHandler(k.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Observe: k.observe})
	for _, c := range changes {
		c(k.Proxy)
	}
	t.Cleanup(k.Close)
	rules, err := RulesOf(sdk.Permissions{Hosts: hosts, Environment: []sdk.EnvVar{{Name: "CHOSEN"}}}, func(string) (string, bool) { return "http://chosen.test:1", true })
	if err != nil {
		t.Fatal(err)
	}
	if k.door, err = k.Open("kitchen", rules); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *kit) observe(e Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, e)
	k.more <- struct{}{}
}

// event waits for the next event.
func (k *kit) event(t *testing.T) Event {
	t.Helper()
	select {
	case <-k.more:
	case <-t.Context().Done():
		t.Fatal("no event came")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.events[0]
	k.events = slices.Delete(k.events, 0, 1)
	return e
}

// names is a resolver that knows these names. Every lookup of a name gets the next of its answers, the last one for good.
func names(table map[string][]string) change {
	var mu sync.Mutex
	return func(p *Proxy) {
		p.network.lookup = func(_ context.Context, name string) ([]netip.Addr, error) {
			mu.Lock()
			defer mu.Unlock()
			answers := table[name]
			if len(answers) == 0 {
				return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
			}
			if len(answers) > 1 {
				table[name] = answers[1:]
			}
			var all []netip.Addr
			for a := range strings.SplitSeq(answers[0], " ") {
				all = append(all, netip.MustParseAddr(a))
			}
			return all, nil
		}
	}
}

// wired makes every address lead to one real one, so that public addresses can be connected to; what was dialled is kept.
func wired(to string, dialled *[]string) change {
	var mu sync.Mutex
	return func(p *Proxy) {
		p.network.dial = func(ctx context.Context, address string) (net.Conn, error) {
			mu.Lock()
			*dialled = append(*dialled, address)
			mu.Unlock()
			return new(net.Dialer).DialContext(ctx, "tcp", to)
		}
	}
}

// behind gives the proxy a proxy of its own.
func behind(variables map[string]string) change {
	return func(p *Proxy) {
		p.upstream = upstreamOf(func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
	}
}

// client sends all requests through the door.
func (k *kit) client(t *testing.T) *http.Client {
	t.Helper()
	door, err := url.Parse(k.door.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(door), DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// reply is what a test looks at of an answer.
type reply struct {
	status int
	header http.Header
}

func get(t *testing.T, client *http.Client, address string) (reply, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		return reply{}, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header}, string(body), err
}

// raw is a connection to the door for what no client sends.
func (k *kit) raw(t *testing.T) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(k.door.Port())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, bufio.NewReader(conn)
}

// authorization is the door's header line.
func (k *kit) authorization() string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(doorUser, k.door.Secret())
	return "Proxy-Authorization: " + r.Header.Get("Authorization") + "\r\n"
}

// answer is the head of a proxy's answer.
type answer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// connect opens a tunnel by hand.
func (k *kit) connect(t *testing.T, to string) (*net.TCPConn, *bufio.Reader, answer) {
	t.Helper()
	conn, reader := k.raw(t)
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", to, to, k.authorization()); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	return conn, reader, answer{got.StatusCode, got.Status, got.Header}
}

// listen has a handler for every connection.
func listen(t *testing.T, handle func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.AcceptTCP()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func within(c net.Conn) { _ = c.SetDeadline(time.Now().Add(20 * time.Second)) }
