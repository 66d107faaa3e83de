package web_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/web"
)

// trace keeps what was refused.
type trace struct {
	mu  sync.Mutex
	all []web.Refusal
}

func (l *trace) note(r web.Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
}

// taken returns what came since the last time.
func (l *trace) taken() []web.Refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

func TestRefusalsLeaveATrace(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	const resource = "https://mcp.example.com/mcp"
	g, _ := gate(t, "    rate: 1\n    expires: 2020-01-01T00:00:00Z\noauth:\n  resource: "+resource+"\n  issuer: "+issuer.URL+
		"\n  required_scopes: [\"mcp:tools\"]\n  rules: [{when: {sub: root}}]\n")
	var log lockedBuffer
	var seen trace
	_, url, _ := start(t, web.Config{
		Access: g, Refused: seen.note, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Metrics: http.NotFoundHandler(), Limits: web.Limits{PerMinute: 1},
	})
	sign := func(changes map[string]any) string {
		return "Authorization: Bearer " + issuer.Sign(t, "one", issuer.Claims(resource, changes))
	}
	bob := "Authorization: Bearer " + other
	for name, c := range map[string]struct {
		body   string
		header []string
		want   web.Refusal
	}{
		"no token":      {call, nil, web.Refusal{Status: 401, Reason: "no_token"}},
		"odd header":    {call, []string{"Authorization: Bearer"}, web.Refusal{Status: 400, Reason: "invalid_header"}},
		"unknown token": {call, []string{bob + "x"}, web.Refusal{Status: 401, Reason: "invalid_token"}},
		"expired":       {call, []string{"Authorization: Bearer " + token}, web.Refusal{Status: 401, Reason: "expired", Caller: "alice"}},
		"audience":      {call, []string{sign(map[string]any{"aud": "x"})}, web.Refusal{Status: 401, Reason: "invalid_token", Caller: "oauth:alice"}},
		"scope":         {call, []string{sign(map[string]any{"scope": "x"})}, web.Refusal{Status: 403, Reason: "insufficient_scope", Caller: "oauth:alice"}},
		"no rule":       {call, []string{sign(nil)}, web.Refusal{Status: 403, Reason: "no_rule", Caller: "oauth:alice"}},
		"host":          {call, []string{"Host: evil.example"}, web.Refusal{Status: 403, Reason: "forbidden_host"}},
		"origin":        {call, []string{"Origin: https://evil.example"}, web.Refusal{Status: 403, Reason: "forbidden_origin"}},
		"rate":          {"[" + strings.Repeat(call+",", 10) + call + "]", []string{bob}, web.Refusal{Status: 429, Reason: "rate", Caller: "bob"}},
		"concurrency":   {"[" + strings.Repeat(call+",", 64) + call + "]", []string{bob}, web.Refusal{Status: 429, Reason: "concurrency", Caller: "bob"}},
	} {
		a := ask(t, http.MethodPost, url+"/mcp", c.body, c.header...)
		got := seen.taken()
		if len(got) != 1 || got[0].Remote == "" {
			t.Errorf("%s: refused %+v", name, got)
			continue
		}
		if got[0].Remote = ""; got[0] != c.want || a.status != c.want.Status {
			t.Errorf("%s: %d, and refused %+v, want %+v", name, a.status, got[0], c.want)
		}
		if c.want.Status == 429 && !strings.Contains(a.body, "send fewer in a batch") {
			t.Errorf("%s: %q does not say that waiting is in vain", name, a.body)
		}
	}
	if text := log.String(); strings.Count(text, "msg=refused") != 11 || strings.Contains(text, token) || strings.Contains(text, other) ||
		!strings.Contains(text, "level=INFO msg=refused") || !strings.Contains(text, "level=WARN msg=refused") || !strings.Contains(text, "caller=alice") {
		t.Errorf("the log says\n%s", text)
	}
	for range 100 {
		ask(t, http.MethodPost, url+"/mcp", call, bob+"x")
	}
	if n := strings.Count(log.String(), "msg=refused"); n > 60 || len(seen.taken()) != 100 {
		t.Errorf("the log has %d lines of refusals", n)
	}
}

// TestExpiredTokensEndListeners has streams that a POST opened, while the issuer cannot be asked.
func TestExpiredTokensEndListeners(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	const resource = "https://mcp.example.com/mcp"
	path := accesstest.File(t, "access.yaml", "oauth:\n  resource: "+resource+"\n  issuer: "+issuer.URL+"\n  leeway: 0s\n  rules: [{default: true}]\n")
	g, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	finish := make(chan struct{})
	_, url, _ := start(t, web.Config{Access: g, MCP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("open\n"))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			_, _ = w.Write([]byte("cut"))
		case <-finish:
			_, _ = w.Write([]byte("done"))
		}
	})})
	header := "Authorization: Bearer " + issuer.Sign(t, "one", issuer.Claims(resource, map[string]any{"exp": time.Now().Add(2 * time.Second).Unix()}))
	large := `{"x":"` + strings.Repeat("x", 70<<10) + `","method":"subscriptions\/\u006cisten"}`
	open := func(body string) *bufio.Reader {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/mcp", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		r := bufio.NewReader(resp.Body)
		if line := lineOf(t, r); line != "open" {
			t.Fatalf("the stream begins with %q", line)
		}
		return r
	}
	streams := []*bufio.Reader{open(`{"method":"subscriptions/listen"}`), open(`[{"method":"tools/call"},{"method":"subscriptions/listen"}]`), open(large)}
	running := open(call)
	issuer.Down.Store(true)
	for i, stream := range streams {
		if rest, _ := io.ReadAll(stream); string(rest) != "cut" {
			t.Errorf("stream %d ends with %q", i, rest)
		}
	}
	close(finish)
	if rest, _ := io.ReadAll(running); string(rest) != "done" {
		t.Errorf("a call that runs ends with %q", rest)
	}
}

// TestStrangersLeaveSoon has connections that stay open: one that showed a good token, and one that did not.
func TestStrangersLeaveSoon(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, Limits: web.Limits{StrangerIdle: 300 * time.Millisecond}})
	for name, c := range map[string]struct {
		header string
		stays  bool
	}{"a stranger": {"", false}, "alice": {"Authorization: Bearer " + token + "\r\n", true}} {
		conn := dial(t, url)
		if _, err := conn.Write([]byte("POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + c.header + "Content-Length: 2\r\n\r\n{}")); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, err := io.ReadAll(conn)
		timeout, isNet := err.(net.Error) //nolint:errorlint // as it comes from a connection
		if stays := isNet && timeout.Timeout(); stays != c.stays {
			t.Errorf("%s: the connection ended with %v", name, err)
		}
	}
}

func TestConnectionsOfAnAddress(t *testing.T) {
	t.Parallel()
	var seen trace
	_, url, _ := start(t, web.Config{Refused: seen.note, Limits: web.Limits{PerAddress: 2}})
	first, second := dial(t, url), dial(t, url)
	if got := raw(t, url, smallCall); got != "" {
		t.Errorf("the third connection got %q", got)
	}
	if all := seen.taken(); len(all) != 1 || all[0].Reason != "connections" || !strings.HasPrefix(all[0].Remote, "127.0.0.1:") {
		t.Errorf("refused %+v", all)
	}
	_ = first.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn := dial(t, url)
		_, _ = conn.Write([]byte(smallCall))
		if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil && strings.Contains(line, "200") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of a connection that ended is not given back")
		}
	}
	_ = second.Close()
}

// TestLargeBodiesSeeTheAnswer writes all before it reads, as many clients do.
func TestLargeBodiesSeeTheAnswer(t *testing.T) {
	t.Parallel()
	_, url, _ := start(t, web.Config{Limits: web.Limits{BodyBytes: 1 << 10}})
	chunk := "100000\r\n" + strings.Repeat("x", 1<<20) + "\r\n"
	for name, text := range map[string]string{
		"announced": "Content-Length: 12582912\r\n\r\n" + strings.Repeat("x", 12<<20),
		"in chunks": "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(chunk, 12) + "0\r\n\r\n",
	} {
		if got := raw(t, url, "POST /mcp HTTP/1.1\r\nHost: localhost\r\n"+text); !strings.HasPrefix(got, "HTTP/1.1 413") || strings.Count(got, "HTTP/1.1") != 1 {
			t.Errorf("%s: %.100q", name, got)
		}
	}
}

func TestHealthOfAnyHost(t *testing.T) {
	t.Parallel()
	s, url, _ := start(t, web.Config{MetricsAddr: "127.0.0.1:0"})
	for _, base := range []string{url, "http://" + s.MetricsAddr().String()} {
		for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/other": 403, "/healthz/": 403} {
			if a := ask(t, http.MethodGet, base+path, "", "Host: 10.1.2.3:8080"); a.status != want {
				t.Errorf("%s%s: %d, want %d", base, path, a.status, want)
			}
		}
	}
}

func TestOpenMetricsAreWarnedOf(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		var log lockedBuffer
		start(t, web.Config{MetricsAddr: addr, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if got := strings.Contains(log.String(), "may read the metrics without a token"); got != want {
			t.Errorf("%s: %s", addr, log.String())
		}
	}
}

// TestNotReadyIsSaidOnce asks as often as probes do.
func TestNotReadyIsSaidOnce(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	problems := make(chan error, 20)
	for _, text := range slices.Repeat([]string{"one", "one", "one", "two"}, 1) {
		problems <- &net.AddrError{Err: text}
	}
	_, url, _ := start(t, web.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Ready: func() error { return <-problems }})
	for range 4 {
		ask(t, http.MethodGet, url+"/readyz", "")
	}
	if n := strings.Count(log.String(), "is not ready"); n != 2 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}

// TestDrainDelay sees to it that requests are accepted while /readyz already sends clients elsewhere.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	drained := make(chan struct{})
	_, url, stop := start(t, web.Config{DrainDelay: 2 * time.Second, OnDrain: func(context.Context) { close(drained) }})
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for deadline := time.Now().Add(10 * time.Second); ask(t, http.MethodGet, url+"/readyz", "").status != 503; {
		if time.Now().After(deadline) {
			t.Fatal("/readyz does not say that the server ends")
		}
	}
	if a := ask(t, http.MethodPost, url+"/mcp", call); a.status != 200 {
		t.Errorf("a call before the port closes: %d %q", a.status, a.body)
	}
	select {
	case <-drained:
		t.Error("streams were ended at once")
	default:
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
