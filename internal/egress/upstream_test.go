package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/sdk"
)

const proxyPassword = "proxyPasswordNeverShown"

// corporate is a proxy that the host is behind: it connects everything to one address.
type corporate struct {
	to     string
	answer int // instead

	mu   sync.Mutex
	seen []string
}

func (c *corporate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.seen = append(c.seen, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
	c.mu.Unlock()
	if c.answer > 0 {
		w.WriteHeader(c.answer)
		return
	}
	if r.Method != http.MethodConnect {
		_, _ = io.WriteString(w, "from the proxy")
		return
	}
	far, err := net.Dial("tcp", c.to) //nolint:noctx // on this machine
	if err != nil {
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	// The answer and the target's first bytes come in one piece.
	first := make([]byte, 1)
	_, _ = far.Read(first)
	_, _ = conn.Write(append([]byte("HTTP/1.1 200 OK\r\n\r\n"), first...))
	join(conn, far, time.Minute)
}

func (c *corporate) took() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.seen, "\n")
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	greeter := listen(t, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, "hello ")
		_, _ = io.Copy(c, c)
	})
	for _, secure := range []bool{false, true} {
		proxy := &corporate{to: greeter}
		server := httptest.NewUnstartedServer(proxy)
		if server.Start(); secure {
			server.Close()
			server = httptest.NewUnstartedServer(proxy)
			server.StartTLS()
		}
		t.Cleanup(server.Close)
		address := strings.Replace(server.URL, "://", "://user:"+proxyPassword+"@", 1)
		k := open(t, []string{"a.test", "169.254.169.254"}, behind(map[string]string{"HTTPS_PROXY": address, "http_proxy": address}),
			names(nil), func(p *Proxy) {
				if secure {
					p.upstream.tls = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
					p.upstream.tls.RootCAs.AddCert(server.Certificate())
				}
			})
		conn, reader, answer := k.connect(t, "a.test:443")
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
		_, _ = io.WriteString(conn, "there")
		_ = conn.CloseWrite()
		if got, err := io.ReadAll(reader); string(got) != "hello there" {
			t.Errorf("secure %v: got %q, %v", secure, got, err)
		}
		if e := k.event(t); e.Received != 11 || e.Sent != 5 {
			t.Errorf("event %+v", e)
		}
		if _, body, err := get(t, k.client(t), "http://a.test/x?y"); err != nil || body != "from the proxy" {
			t.Errorf("secure %v: got %q, %v", secure, body, err)
		}
		const basic = " Basic dXNlcjpwcm94eVBhc3N3b3JkTmV2ZXJTaG93bg=="
		if got, want := proxy.took(), "CONNECT a.test:443"+basic+"\nGET http://a.test/x?y"+basic; got != want {
			t.Errorf("secure %v: the proxy got\n%s, want\n%s", secure, got, want)
		}
		if _, _, answer := k.connect(t, "undeclared.test:443"); answer.StatusCode != http.StatusForbidden {
			t.Errorf("got %s", answer.Status)
		}
	}
}

// TestUpstreamFailures have a reason that says whose failure it is, and never the password.
func TestUpstreamFailures(t *testing.T) {
	t.Parallel()
	free := httptest.NewServer(nil)
	free.Close()
	html := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "not a proxy") })
	for name, test := range map[string]struct {
		proxy, want, plain string
		answer             int
	}{
		"wants a password": {want: "the server's own proxy did not connect to a.test: it answered 407", plain: "it answered 407", answer: 407},
		"forbids":          {want: "it answered 403 Forbidden", answer: 403},
		"is not there":     {proxy: free.URL, want: "the server's own proxy refused the connection", plain: "proxy refused the connection"},
		"does not speak":   {proxy: "https://" + html.Listener.Addr().String(), want: "the server's own proxy could not be reached", plain: "could not be reached"},
		"is of SOCKS":      {proxy: "socks5://127.0.0.1:1080", want: "of the kind socks5; only http and https are possible", plain: "of the kind socks5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.proxy == "" {
				test.proxy = serve(t, (&corporate{answer: test.answer}).ServeHTTP).URL
			}
			address := strings.Replace(test.proxy, "://", "://user:"+proxyPassword+"@", 1)
			k := open(t, []string{"a.test"}, behind(map[string]string{"HTTPS_PROXY": address, "HTTP_PROXY": address}))
			_, _, answer := k.connect(t, "a.test:443")
			if !strings.Contains(answer.Status, test.want) || answer.Header.Get(sdk.EgressHeader) != string(sdk.EgressUpstream) {
				t.Errorf("got %s", answer.Status)
			}
			response, body, err := get(t, k.client(t), "http://a.test/")
			passedOn := test.answer == http.StatusForbidden // as if the target had said it
			if err != nil || passedOn != (response.header.Get(sdk.EgressHeader) == "") || !passedOn && !strings.Contains(body, test.plain) {
				t.Errorf("plain: got %v, %q, %v", response, body, err)
			}
			k.Close()
			if text := k.log.String() + answer.Status; strings.Contains(text, proxyPassword) {
				t.Errorf("the password is shown: %s", text)
			}
		})
	}
}

// TestWhoGoesDirectly leaves out this machine, NO_PROXY, and the addresses that mean another machine there.
func TestWhoGoesDirectly(t *testing.T) {
	t.Parallel()
	u := upstreamOf(func(name string) (string, bool) {
		v, ok := map[string]string{"https_proxy": "proxy.test:3128", "HTTP_PROXY": "http://plain.test", "NO_PROXY": "inner.test,10.0.0.0/8"}[name]
		return v, ok
	})
	for address, want := range map[string]string{
		"a.test:443": "proxy.test:3128", "a.inner.test:443": "", "inner.test:443": "", "10.1.1.1:443": "", "11.1.1.1:443": "proxy.test:3128",
		"127.0.0.1:443": "", "localhost:443": "", "169.254.169.254:443": "", "[fe80::1]:443": "",
	} {
		to, _, err := parseHost(address)
		if err != nil {
			t.Fatal(err)
		}
		proxy, err := u.of("https", to)
		if got := host(proxy); err != nil || got != want {
			t.Errorf("%s goes through %q, %v, want %q", address, got, err, want)
		}
	}
	proxy, err := u.of("http", target{host: "a.test", port: 80})
	if err != nil || upstreamAddress(proxy) != "plain.test:80" {
		t.Errorf("got %v, %v", proxy, err)
	}
}

func host(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Host
}

// TestUpstreamThatHangs is given up when the time is over.
func TestUpstreamThatHangs(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	k := open(t, []string{"a.test"}, behind(map[string]string{"HTTPS_PROXY": "http://" + to}), func(p *Proxy) { p.limits.connect = 50_000_000 })
	if _, _, answer := k.connect(t, "a.test:443"); !strings.Contains(answer.Status, "the server's own proxy did not answer in time") {
		t.Errorf("got %s", answer.Status)
	}
	if _, _, err := k.connectThrough(context.Background(), &url.URL{Scheme: "http", Host: "127.0.0.1:0"}, target{host: "a.test", port: 1}); err == nil {
		t.Error("connected to port 0")
	}
}
