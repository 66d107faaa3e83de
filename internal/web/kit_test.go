package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/web"
)

const (
	token = "mcps_a-token-of-the-tests-that-nobody-may-see"
	other = "mcps_another-token-of-the-tests"
)

// gate opens an access file with the callers alice and bob.
func gate(t testing.TB, more string) (g *access.Gate, path string) {
	t.Helper()
	sum := func(token string) string {
		s, err := access.Hash(token)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	path = accesstest.File(t, "access.yaml", "callers:\n  - {name: bob, token_sha256: \""+sum(other)+"\"}\n"+
		"  - name: alice\n    token_sha256: \""+sum(token)+"\"\n"+more)
	g, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return g, path
}

// echo answers with the caller's name and the body.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s:%s:%v:%s", access.CallerOf(r.Context()).Name, body, err, r.Header.Get("Authorization"))
}

// start runs a server until the test ends, and returns its URL and the end of Run.
func start(t testing.TB, c web.Config) (s *web.Server, url string, stop func() error) {
	t.Helper()
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.MCP == nil {
		c.MCP = http.HandlerFunc(echo)
	}
	s, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() error {
		cancel()
		stopped = true
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			_ = stop()
		}
	})
	scheme := "http://"
	if c.TLSCert != "" {
		scheme = "https://"
	}
	return s, scheme + s.Addr().String(), stop
}

type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends one request. The header is "Name: value" lines; Host sets the host.
func ask(t testing.TB, method, url, body string, headers ...string) answer {
	t.Helper()
	return askWith(t, http.DefaultClient, method, url, body, headers...)
}

func askWith(t testing.TB, client *http.Client, method, url, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// raw sends bytes on a connection of its own and returns what comes until the server closes it or the time is over.
func raw(t testing.TB, url, text string) string {
	t.Helper()
	conn := dial(t, url)
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	all, _ := io.ReadAll(conn) // what came before the end or the deadline
	return string(all)
}

func dial(t testing.TB, url string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// errorOf returns the code of an error's body.
func errorOf(t testing.TB, a answer) string {
	t.Helper()
	var body struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%d with %q, which is no JSON", a.status, a.body)
	}
	return body.Error
}

// lineOf reads one line of a stream.
func lineOf(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
