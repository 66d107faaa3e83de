package web_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/internal/web"
)

func TestRates(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "    rate: 1\n")
	_, url, _ := start(t, web.Config{Access: g})
	post := func(who, body string) answer {
		return ask(t, http.MethodPost, url+"/mcp", body, "Authorization: Bearer "+who)
	}
	for i := range 10 { // what may come at once
		if a := post(token, call); a.status != 200 {
			t.Fatalf("call %d: %d %q", i, a.status, a.body)
		}
	}
	a := post(token, call)
	if after, err := strconv.Atoi(a.header.Get("Retry-After")); a.status != 429 || err != nil || after < 1 || after > 60 {
		t.Errorf("one call too many: %d %v %q", a.status, a.header, a.body)
	}
	if a := post(token, "["+strings.Repeat(call+",", 10)+call+"]"); a.status != 429 {
		t.Errorf("a batch of more than may come at once: %d", a.status)
	}
	for name, body := range map[string]string{
		"a cancellation": `{"jsonrpc":"2.0","method":"notifications/cancelled"}`,
		"a ping":         `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
		"an answer":      `{"jsonrpc":"2.0","id":1,"result":{}}`,
	} {
		if a := post(token, body); a.status != 200 {
			t.Errorf("%s beside calls: %d %q", name, a.status, a.body)
		}
	}
	if a := post(other, call); a.status != 200 {
		t.Errorf("another caller: %d %q", a.status, a.body)
	}
}

// TestConcurrency holds two calls open; a third is refused, what cancels them is not.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "    concurrency: 2\n")
	begun, finish := make(chan struct{}), make(chan struct{})
	_, url, _ := start(t, web.Config{Access: g, MCP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "slow") {
			begun <- struct{}{}
			<-finish
		}
		_, _ = w.Write([]byte("done"))
	})})
	post := func(body string) answer {
		return ask(t, http.MethodPost, url+"/mcp", body, "Authorization: Bearer "+token)
	}
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if a := post(`{"method":"tools/call","id":"slow"}`); a.status != 200 {
				t.Errorf("a slow call: %d %q", a.status, a.body)
			}
		})
		<-begun
	}
	if a := post(call); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("a third call: %d %q", a.status, a.body)
	}
	if a := post(`{"method":"notifications/cancelled"}`); a.status != 200 {
		t.Errorf("a cancellation: %d %q", a.status, a.body)
	}
	if a := ask(t, http.MethodPost, url+"/mcp", call, "Authorization: Bearer "+other); a.status != 200 {
		t.Errorf("another caller: %d %q", a.status, a.body)
	}
	close(finish)
	all.Wait()
	if a := post(call); a.status != 200 {
		t.Errorf("after they ended: %d %q", a.status, a.body)
	}
}

func TestCallersAreForgotten(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, Limits: web.Limits{Callers: 1}})
	if a := ask(t, http.MethodPost, url+"/mcp", call, "Authorization: Bearer "+token); a.status != 200 {
		t.Errorf("the first: %d", a.status)
	}
	if a := ask(t, http.MethodPost, url+"/mcp", call, "Authorization: Bearer "+other); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("one more than are remembered: %d", a.status)
	}
}

// zeros is a body that costs a client nothing.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	_, url, _ := start(t, web.Config{Limits: web.Limits{BodyBytes: 1 << 20}})
	for name, length := range map[string]int64{"announced": 100 << 20, "in chunks": -1} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/mcp", io.LimitReader(zeros{}, 100<<20))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		req.Header.Set("Expect", "100-continue")
		client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 5 * time.Second}}
		resp, err := client.Do(req)
		if err != nil {
			t.Logf("%s: the server closed the connection first: %v", name, err)
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("100 MB %s: %d", name, resp.StatusCode)
		}
	}
	if a := ask(t, http.MethodPost, url+"/mcp", strings.Repeat(" ", 1<<20)); a.status != 200 {
		t.Errorf("exactly the limit: %d", a.status)
	}
	if a := ask(t, http.MethodPost, url+"/mcp", strings.Repeat(" ", 1<<20+1)); a.status != 413 || errorOf(t, a) != "body_too_large" {
		t.Errorf("one byte more: %d", a.status)
	}
}

func TestSlowClients(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, Limits: web.Limits{HeaderTime: 300 * time.Millisecond, BodyTime: 300 * time.Millisecond}})
	if got := raw(t, url, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: "); strings.Contains(got, "200") {
		t.Errorf("half a header: %q", got)
	}
	// raw returns before its own deadline only when the server closes.
	for name, c := range map[string]struct{ text, want string }{
		"half a body":                    {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\nContent-Length: 10\r\n\r\n{}", "408 Request Timeout"},
		"no token, and half a body":      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{}", "401 Unauthorized"},
		"a stranger's, and half a body":  {"POST /mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 10\r\n\r\n{}", "403 Forbidden"},
		"nothing there, and half a body": {"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{}", "404 Not Found"},
		"half of chunks":                 {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "408 Request Timeout"},
		"nothing":                        {"", ""},
		"half a line":                    {"PO", "HTTP/1.1 4"},
	} {
		begun := time.Now()
		if got := raw(t, url, c.text); !strings.Contains(got, c.want) || time.Since(begun) > 2900*time.Millisecond {
			t.Errorf("%s: %q after %v", name, got, time.Since(begun))
		}
	}
}

func TestSmuggling(t *testing.T) {
	t.Parallel()
	_, url, _ := start(t, web.Config{})
	const inner = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nsmuggled"
	for name, c := range map[string]struct{ head, body string }{
		"two hosts":                    {"Host: localhost\r\nHost: evil.example\r\nContent-Length: 2\r\n", "{}"},
		"two lengths":                  {"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n", "{}"},
		"lengths in one":               {"Host: localhost\r\nContent-Length: 2, 3\r\n", "{}"},
		"no number":                    {"Host: localhost\r\nContent-Length: +2\r\n", "{}"},
		"two encodings":                {"Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"},
		"an unknown encoding":          {"Host: localhost\r\nTransfer-Encoding: xchunked\r\n", "0\r\n\r\n"},
		"a space before the colon":     {"Host: localhost\r\nTransfer-Encoding : chunked\r\n", "0\r\n\r\n"},
		"a folded line":                {"Host: localhost\r\nX: a\r\n  Content-Length: 2\r\nContent-Length : 2\r\n", "{}"},
		"a bare CR in a value":         {"Host: localhost\r\nX: a\rContent-Length: 2\r\n", "{}"},
		"no host":                      {"Content-Length: 2\r\n", "{}"},
		"a chunk's size with a sign":   {"Host: localhost\r\nTransfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n"},
		"a chunk's size beyond 64 bit": {"Host: localhost\r\nTransfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"},
	} {
		got := raw(t, url, "POST /mcp HTTP/1.1\r\n"+c.head+"\r\n"+c.body)
		if !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 5") || strings.Contains(got, "200 OK") {
			t.Errorf("%s: %q", name, got)
		}
	}
	// Both ways to say where a body ends: the connection is closed after it, so that the rest is nobody's request.
	got := raw(t, url, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: "+fmt.Sprint(5+len(inner))+
		"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+inner)
	if strings.Contains(got, "smuggled") || strings.Count(got, "HTTP/1.1") != 1 {
		t.Errorf("length and chunks: %q", got)
	}
}

// TestSlowReaders sees to it that a client that stops reading is cut, and one that reads a quiet stream is not.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	cut := make(chan error, 1)
	next := make(chan struct{})
	_, url, _ := start(t, web.Config{Limits: web.Limits{WriteTime: 200 * time.Millisecond}, MCP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("one "))
			_ = http.NewResponseController(w).Flush()
			<-next
			_, _ = w.Write([]byte("two"))
			return
		}
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				cut <- err
				return
			}
		}
	})})
	conn := dial(t, url)
	if _, err := conn.Write([]byte("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(600*time.Millisecond, func() { close(next) }) // three times the bound for writing
	if a := ask(t, http.MethodGet, url+"/mcp", ""); a.body != "one two" {
		t.Errorf("a quiet stream: %q", a.body)
	}
	if err := <-cut; err == nil {
		t.Error("a client that does not read was not cut")
	}
}

// TestLongCalls sees to it that the bounds for slow clients do not end a call that takes longer.
func TestLongCalls(t *testing.T) {
	t.Parallel()
	short := 200 * time.Millisecond
	cert, key := writePair(t, t.TempDir(), 1)
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	t.Cleanup(client.CloseIdleConnections)
	for proto, c := range map[string]web.Config{"HTTP/1.1": {}, "HTTP/2.0": {TLSCert: cert, TLSKey: key}} {
		c.Limits = web.Limits{BodyTime: short, HeaderTime: short, IdleTime: short, WriteTime: short}
		c.MCP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
				_, _ = w.Write([]byte("cut"))
			case <-time.After(4 * short):
				_, _ = w.Write([]byte(r.Proto))
			}
		})
		_, url, _ := start(t, c)
		for range 2 { // the second on the same connection
			if a := askWith(t, client, http.MethodPost, url+"/mcp", call); a.body != proto {
				t.Errorf("%s: %d %q", proto, a.status, a.body)
			}
		}
	}
}
