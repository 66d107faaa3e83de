package egress

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"

	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/lograte"
	"mcp-server/sdk"
)

// TestTunnelTLS goes through the door as a plugin's client does.
func TestTunnelTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.Header.Get("Proxy-Authorization"))
	}))
	t.Cleanup(server.Close)
	k := open(t, []string{server.Listener.Addr().String()})
	client := k.client(t)
	transport, _ := client.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	_, body, err := get(t, client, server.URL)
	if err != nil || body != server.Listener.Addr().String()+" " {
		t.Errorf("got %q, %v", body, err)
	}
	client.CloseIdleConnections()
	e := k.event(t)
	if e.Plugin != "kitchen" || e.Host != "127.0.0.1" || e.Refused != "" || e.Sent < 200 || e.Received < 500 || e.Rule != server.Listener.Addr().String() {
		t.Errorf("event %+v", e)
	}
}

// TestRefusalIsReadable has what a plugin's author sees in Go.
func TestRefusalIsReadable(t *testing.T) {
	t.Parallel()
	k := open(t, []string{"example.com", "inner.test", "*.chosen.test", "fd00::1"}, names(map[string][]string{"inner.test": {"10.1.2.3"}}))
	for address, want := range map[string]string{
		"https://other.test/":       "plugin kitchen has not declared the host other.test",
		"https://example.com:8443/": "plugin kitchen has not declared the port 8443 of the host example.com",
		"https://inner.test/":       "the host inner.test has the address 10.1.2.3, which is not public and which plugin kitchen has not declared",
		"https://x.chosen.test/":    "the host x.chosen.test is not a name that the network knows",
		"https://127.0.0.1/":        "has not declared the host 127.0.0.1",
		"https://[fd00::2]/":        "has not declared the host fd00::2",
		"https://127.1/":            "CONNECT wants a host and a port",
		"http://other.test/":        "",
	} {
		response, body, err := get(t, k.client(t), address)
		if want == "" {
			if err != nil || response.status != http.StatusForbidden || !strings.Contains(body, "not declared the host other.test") ||
				response.header.Get(sdk.EgressReasonHeader)+"\n" != body || response.header.Get(sdk.EgressHeader) != string(sdk.EgressUndeclared) {
				t.Errorf("%s: %v %q", address, response, body)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", address, err, want)
		}
	}
}

func TestHalfClose(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) {
		asked, _ := io.ReadAll(c) // until the plugin's side has ended
		_, _ = fmt.Fprintf(c, "%d bytes", len(asked))
	})
	k := open(t, []string{to})
	conn, reader, _ := k.connect(t, to)
	within(conn)
	_, _ = conn.Write(make([]byte, 100_000))
	_ = conn.CloseWrite()
	answer, err := io.ReadAll(reader)
	if string(answer) != "100000 bytes" || err != nil {
		t.Errorf("got %q, %v", answer, err)
	}
	if e := k.event(t); e.Sent != 100_000 || e.Received != 12 {
		t.Errorf("event %+v", e)
	}
}

// TestTheRestAfterAHalfClose must end when nothing comes any more, and only then.
func TestTheRestAfterAHalfClose(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) {
		_, _ = io.Copy(io.Discard, c)
		for range 5 {
			time.Sleep(20 * time.Millisecond)
			_, _ = c.Write([]byte("x"))
		}
		_, _ = c.Read(make([]byte, 1)) // for ever, without this
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		for {
			if _, err := c.Write([]byte{}); err != nil {
				return
			}
			if _, err := c.Read(make([]byte, 1)); err != nil {
				return
			}
		}
	})
	k := open(t, []string{to}, func(p *Proxy) { p.limits.halfClosed = 200 * time.Millisecond })
	conn, reader, _ := k.connect(t, to)
	within(conn)
	_ = conn.CloseWrite()
	answer, err := io.ReadAll(reader)
	if string(answer) != "xxxxx" || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestSidesThatDie(t *testing.T) {
	t.Parallel()
	die := func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() }
	to := listen(t, func(c *net.TCPConn) {
		_, _ = c.Read(make([]byte, 1))
		die(c)
	})
	k := open(t, []string{to})
	conn, reader, _ := k.connect(t, to)
	within(conn)
	_, _ = conn.Write([]byte("x"))
	if n, err := reader.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes from a target that is dead", n)
	}
	_ = k.event(t)
	gone := make(chan struct{})
	waiting := listen(t, func(c *net.TCPConn) {
		_, _ = io.Copy(io.Discard, c)
		close(gone)
	})
	k = open(t, []string{waiting})
	conn, _, _ = k.connect(t, waiting)
	die(conn)
	<-gone
	_ = k.event(t)
}

// TestClosingADoor ends tunnels, waits for nothing, and leaves nothing.
func TestClosingADoor(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	k := open(t, []string{to})
	tunnel, _, _ := k.connect(t, to)
	idle, _ := k.raw(t)
	k.door.Close()
	k.door.Close()
	for _, c := range []net.Conn{tunnel, idle} {
		within(c)
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a connection is still there")
		}
	}
	for k.door.listener.open.Load() != 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", k.door.Port())); err == nil { //nolint:noctx // refused at once
		t.Error("the door is still open")
	}
	k.Close()
	if _, err := k.Open("x", Rules{}); err == nil {
		t.Error("a closed proxy opens doors")
	}
}

// TestEarlyBytes sends the first bytes for the target together with the request, which ends a round trip earlier.
func TestEarlyBytes(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) {
		hello := make([]byte, 5)
		_, _ = io.ReadFull(c, hello)
		_, _ = c.Write(bytes.ToUpper(hello))
	})
	k := open(t, []string{to})
	conn, reader := k.raw(t)
	within(conn)
	_, _ = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: x\r\n%s\r\nhello", to, k.authorization())
	text, err := io.ReadAll(reader)
	if !strings.HasPrefix(string(text), "HTTP/1.1 200 ") || !strings.HasSuffix(string(text), "\r\n\r\nHELLO") {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	k := open(t, []string{server.Listener.Addr().String()})
	right := strings.TrimSpace(k.authorization())
	for header, want := range map[string]int{
		"X: y": 407, "Proxy-Authorization: Basic": 407, "Proxy-Authorization: Basic ???": 407, "Proxy-Authorization: Basic " + strings.Repeat("QQ", 5000): 407,
		right + "A": 407, strings.Replace(right, "Basic ", "Bearer ", 1): 407, right[:len(right)-4]: 407, right: 204, strings.Replace(right, "Basic", "basic", 1): 204,
	} {
		conn, reader := k.raw(t)
		within(conn)
		_, _ = fmt.Fprintf(conn, "GET %s/ HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", server.URL, header)
		answer, err := http.ReadResponse(reader, nil)
		if err != nil || answer.StatusCode != want || (want == 407) != (answer.Header.Get("Proxy-Authenticate") != "") {
			t.Errorf("%.40s: got %v, %v, want %d", header, answer, err, want)
			continue
		}
		_ = answer.Body.Close()
	}
	conn, reader := k.raw(t)
	_, _ = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", server.Listener.Addr())
	if line, err := reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 407 the proxy wants") {
		t.Errorf("got %q, %v", line, err)
	}
	if strings.Contains(k.door.URL(), "plugin:"+k.door.Secret()+"@127.0.0.1:") == false || len(k.door.Secret()) < 20 {
		t.Error("the URL does not have the password")
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	k := open(t, []string{"example.com"}, func(p *Proxy) { p.limits.header = 200 * time.Millisecond })
	auth := k.authorization()
	for request, want := range map[string]string{
		"\x16\x03\x01\x00\x01\x01\x00":                                                                     "400",
		"GET / HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                                          "400",
		"OPTIONS * HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                                      "400",
		"GET https://example.com/ HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                       "400",
		"GET ftp://example.com/ HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                         "400",
		"GET http://[::1%25lo]/ HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                         "400",
		"CONNECT example.com HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                            "400",
		"CONNECT /x HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                                     "400",
		"CONNECT u@example.com:443 HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                      "400",
		"CONNECT example.com:443/x HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                      "400",
		"CONNECT evil.test:443 HTTP/1.1\r\nHost: example.com:443\r\n" + auth + "\r\n":                      "403",
		"GET http://evil.test/ HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                          "403",
		"GET http://x@evil.test/ HTTP/1.1\r\nHost: example.com\r\n" + auth + "\r\n":                        "403",
		"GET http://example.com@evil.test HTTP/1.1\r\nHost: a.com\r\n" + auth + "\r\n":                     "403",
		"GET http://evil.test\\@example.com/ HTTP/1.1\r\nHost: a\r\n" + auth + "\r\n":                      "400",
		"GET http://a/ HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", 100_000):                          "431",
		"GET http://a/ HTTP/1.1\r\nHost: a\r\nX-Slow:":                                                     "", // the rest never comes
		"POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + auth + "\r\n": "400",
	} {
		conn, reader := k.raw(t)
		within(conn)
		_, _ = io.WriteString(conn, request)
		line, err := reader.ReadString('\n')
		if want == "" {
			if strings.HasPrefix(line, "HTTP/1.1 2") || errors.Is(err, errTimeout(err)) {
				t.Errorf("%.60q: got %q, %v", request, line, err)
			}
			continue
		}
		if !strings.HasPrefix(line, "HTTP/1.1 "+want+" ") {
			t.Errorf("%.60q: got %q, %v, want %s", request, line, err, want)
		}
	}
}

// errTimeout is the error itself when it is the test's own deadline.
func errTimeout(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return err
	}
	return errors.New("another")
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	k := open(t, []string{to}, func(p *Proxy) { p.limits.connections, p.limits.linger = 3, 50*time.Millisecond })
	var tunnels []*net.TCPConn
	for range 3 {
		conn, _, answer := k.connect(t, to)
		tunnels = append(tunnels, conn)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("got %s", answer.Status)
		}
	}
	if _, _, answer := k.connect(t, to); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(answer.Status, "plugin kitchen has 3 connections open") {
		t.Errorf("got %s", answer.Status)
	}
	if e := k.event(t); e.Kind != sdk.EgressBusy {
		t.Errorf("event %+v", e)
	}
	_ = tunnels[0].Close()
	_ = k.event(t)
	for k.door.listener.open.Load() > 2 {
		time.Sleep(time.Millisecond)
	}
	if _, _, answer := k.connect(t, to); answer.StatusCode != http.StatusOK {
		t.Errorf("got %s after one had ended", answer.Status)
	}
}

func TestLogOfRefusals(t *testing.T) {
	t.Parallel()
	k := open(t, []string{"example.com"})
	for range 30 {
		_, _, answer := k.connect(t, "other.test:443")
		if answer.StatusCode != http.StatusForbidden {
			t.Fatal(answer.Status)
		}
		_ = k.event(t)
	}
	k.Close()
	text := k.log.String()
	if n := strings.Count(text, "\n"); n < lograte.Burst || n > lograte.Burst+5 {
		t.Errorf("%d lines in the log:\n%s", n, text)
	}
	if !strings.Contains(text, `level=WARN msg="connection refused" plugin=kitchen host=other.test port=443 kind=undeclared why="plugin kitchen has not declared the host other.test"`) {
		t.Errorf("the log is %s", text)
	}
	if got := printable("a\x1b[31m\r\nB: c\u202e", 9); got != "a?[31m??B..." {
		t.Errorf("printable gives %q", got)
	}
}
