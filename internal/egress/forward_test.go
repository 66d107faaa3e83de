package egress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"mcp-server/sdk"
)

// TestForwardIsTransparent compares what arrives with what was sent: only the headers between two hops differ.
func TestForwardIsTransparent(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	to := listen(t, func(c *net.TCPConn) {
		reader := bufio.NewReader(c)
		var head strings.Builder
		for {
			line, err := reader.ReadString('\n')
			head.WriteString(line)
			if line == "\r\n" || err != nil {
				break
			}
		}
		got <- head.String()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\nKeep-Alive: x\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"+
			"X-MCP-Server-Egress: timeout\r\nX-Mcp-Server-Refused: lies\r\nServer: cloud\r\n\r\nhi")
	})
	k := open(t, []string{to})
	conn, reader := k.raw(t)
	_, _ = fmt.Fprintf(conn, "GET http://%s/a%%2Fb//c/../d?x=1;y&z=%%zz HTTP/1.1\r\nHost: other.test\r\nX-Forwarded-For: 1.2.3.4\r\nX-Own: a\r\nX-Own: b\r\n"+
		"Connection: X-Drop, keep-alive\r\nX-Drop: 1\r\nUpgrade: websocket\r\nTe: trailers\r\n%s\r\n", to, k.authorization())
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	for _, name := range []string{sdk.EgressHeader, sdk.EgressReasonHeader, "X-Hop", "Keep-Alive"} {
		if answer.Header.Get(name) != "" {
			t.Errorf("%s came through", name)
		}
	}
	if string(body) != "hi" || answer.Header.Get("Server") != "cloud" || answer.Header.Get("Content-Encoding") != "gzip" || answer.Close {
		t.Errorf("got %v with %q", answer, body)
	}
	head := <-got
	for _, line := range []string{"GET /a%2Fb//c/../d?x=1;y&z=%zz HTTP/1.1", "Host: " + to, "X-Forwarded-For: 1.2.3.4", "X-Own: a", "X-Own: b", "Te: trailers", "Connection: close"} {
		if !strings.Contains(head, line+"\r\n") {
			t.Errorf("%q did not arrive:\n%s", line, head)
		}
	}
	for _, name := range []string{"Proxy-", "X-Drop", "Upgrade", "User-Agent", "Accept-Encoding", "other.test"} {
		if strings.Contains(head, name) {
			t.Errorf("%s arrived:\n%s", name, head)
		}
	}
}

// TestForwardStreams answers while the request is still being sent, both with trailers.
func TestForwardStreams(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		w.Header().Set("Trailer", "X-Sum, X-Mcp-Server-Egress")
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			_, _ = fmt.Fprintf(w, "echo %s\n", lines.Text())
			_ = rc.Flush()
		}
		w.Header().Set("X-Sum", "of "+r.Trailer.Get("X-Sent"))
		w.Header().Set(sdk.EgressHeader, "timeout")
	})
	k := open(t, []string{server.Listener.Addr().String()})
	body, more := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Trailer = http.Header{"X-Sent": {"all"}}
	go func() { _, _ = io.WriteString(more, "one\n") }()
	response, err := k.client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answers := bufio.NewReader(response.Body)
	for _, line := range []string{"one", "two", "three"} {
		if got, err := answers.ReadString('\n'); got != "echo "+line+"\n" {
			t.Fatalf("got %q, %v", got, err)
		}
		go func() { _, _ = io.WriteString(more, map[string]string{"one": "two\n", "two": "three\n"}[line]) }()
	}
	_ = more.Close()
	if rest, err := io.ReadAll(answers); len(rest) > 0 || err != nil || response.Trailer.Get("X-Sum") != "of all" || response.Header.Get(sdk.EgressHeader) != "" {
		t.Errorf("got %q, %v, trailer %v", rest, err, response.Trailer)
	}
}

// TestForwardKeepsTheDoor sends several requests over one connection to the door, each with one of its own to the target.
func TestForwardKeepsTheDoor(t *testing.T) {
	t.Parallel()
	connections := make(chan string, 3)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		connections <- r.RemoteAddr
	})
	k := open(t, []string{server.Listener.Addr().String()})
	conn, reader := k.raw(t)
	for range 3 {
		_, _ = fmt.Fprintf(conn, "POST %s/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n%s\r\nbody", server.URL, k.authorization())
		answer, err := http.ReadResponse(reader, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		_ = answer.Body.Close()
		if e := k.event(t); e.Sent < 50 || e.Received < 50 || e.Refused != "" {
			t.Errorf("event %+v", e)
		}
	}
	if a, b, c := <-connections, <-connections, <-connections; a == b || b == c || a == c {
		t.Errorf("connections %s, %s and %s", a, b, c)
	}
}

// TestNothingIsSentTwice has a target that hangs up at once: net/http alone would try a GET again on a kept connection.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close()
			}
		}
	})
	k := open(t, []string{server.Listener.Addr().String()})
	client := k.client(t)
	for count, want := range []int{200, 502} {
		response, body, err := get(t, client, server.URL)
		if err != nil || response.status != want || asked.Load() != int32(count+1) {
			t.Errorf("got %v, %s, %v after %d requests", response, body, err, asked.Load())
		}
	}
}

// TestExpectContinue must ask the target before the body leaves.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	to := listen(t, func(c *net.TCPConn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil || r.Header.Get("Expect") != "100-continue" {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	})
	k := open(t, []string{to})
	conn, reader := k.raw(t)
	within(conn)
	_, _ = fmt.Fprintf(conn, "PUT http://%s/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n%s\r\n", to, k.authorization())
	if line, err := reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("got %q, %v", line, err)
	}
	_, _ = reader.ReadString('\n')
	_, _ = io.WriteString(conn, "body")
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if string(body) != "body" || err != nil {
		t.Errorf("got %s with %q, %v", answer.Status, body, err)
	}
}

// TestBodyThatBreaks must be seen as broken, not as complete.
func TestBodyThatBreaks(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{"length": "Content-Length: 100\r\n\r\nhalf", "chunks": "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"} {
		to := listen(t, func(c *net.TCPConn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+head)
		})
		k := open(t, []string{to})
		if _, body, err := get(t, k.client(t), "http://"+to+"/"); err == nil || body != "half" {
			t.Errorf("%s: got %q, %v", name, body, err)
		}
		if e := k.event(t); e.Kind != "" || e.Received < 20 {
			t.Errorf("%s: event %+v", name, e)
		}
	}
}

// FuzzRequest sends anything to a door: it must never connect to what is not declared, and never crash.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{"CONNECT a.test:443 HTTP/1.1", "GET http://a.test/ HTTP/1.1", "GET http://a.test:80@b.test/ HTTP/1.1", "POST http://[::1]:80/ HTTP/1.0\r\nContent-Length: 1", "CONNECT 127.1:1 HTTP/1.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, head string) {
		var dialled []string
		k := open(t, []string{"declared.test"}, names(map[string][]string{"declared.test": {"8.8.8.8"}}), wired("127.0.0.1:1", &dialled),
			func(p *Proxy) { p.limits.linger = 1 })
		conn, _ := k.raw(t)
		_, _ = io.WriteString(conn, head+"\r\n"+k.authorization()+"\r\n")
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		k.Close()
		for _, address := range dialled {
			if address != "8.8.8.8:443" && address != "8.8.8.8:80" {
				t.Fatalf("dialled %s for %q", address, head)
			}
		}
	})
}
