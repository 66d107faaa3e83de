package huaweicloud

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mcp-server/sdk"
)

// answers makes a handler that answers with one status after the other, the last one for good.
func answers(count *atomic.Int32, header http.Header, statuses ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		at := min(int(count.Add(1)), len(statuses)) - 1
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(statuses[at])
		write(w, `{"jobs":[]}`)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	get, post := listJobs(), Request{Operation: "ExportCreationTemplate", Method: "POST", Path: []string{"v5", "x"}, Body: struct{}{}}
	reading, once := post, get
	reading.Idempotent, once.OnceOnly = true, true
	tests := map[string]struct {
		request  Request
		header   http.Header
		statuses []int
		sent     int32
		code     sdk.Code // empty for success
	}{
		"get after 500, 502, 503":         {get, nil, []int{500, 502, 503, 200}, 4, ""},
		"get gives up":                    {get, nil, []int{504}, 4, sdk.CodeUnavailable},
		"get after 429":                   {get, nil, []int{429, 200}, 2, ""},
		"get not after 501":               {get, nil, []int{501, 200}, 1, sdk.CodeUnimplemented},
		"get not after 400":               {get, nil, []int{400, 200}, 1, sdk.CodeInvalidArgument},
		"get not after 401":               {get, nil, []int{401, 200}, 1, sdk.CodeUnauthenticated},
		"get not after 403":               {get, nil, []int{403, 200}, 1, sdk.CodePermissionDenied},
		"get not after a long wait":       {get, http.Header{"Retry-After": {"31"}}, []int{429, 200}, 1, sdk.CodeResourceExhausted},
		"get not after a redirect":        {get, http.Header{"Location": {"/elsewhere"}}, []int{307, 200}, 1, sdk.CodeUnavailable},
		"post not after 503":              {post, nil, []int{503, 200}, 1, sdk.CodeUnavailable},
		"post after 429":                  {post, nil, []int{429, 200}, 2, ""},
		"post that reads, after 503":      {reading, nil, []int{503, 200}, 2, ""},
		"once-only not after 429":         {once, nil, []int{429, 200}, 1, sdk.CodeResourceExhausted},
		"once-only not after 503":         {once, nil, []int{503, 200}, 1, sdk.CodeUnavailable},
		"post that reads, not after 401s": {reading, nil, []int{401, 200}, 1, sdk.CodeUnauthenticated},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int32
			server := serve(t, answers(&sent, test.header, test.statuses...))
			c, pauses := client(t, DRS, withKey(DRS, server))
			_, err := c.JSON(t.Context(), Target{}, test.request, nil)
			if got := sent.Load(); got != test.sent {
				t.Errorf("sent %d times, want %d", got, test.sent)
			}
			if len(*pauses) != int(test.sent)-1 {
				t.Errorf("pauses %v for %d attempts", *pauses, test.sent)
			}
			switch {
			case test.code == "" && err != nil:
				t.Errorf("got %v, want success", err)
			case test.code != "":
				if e := problemOf(t, err); e.Code != test.code {
					t.Errorf("got %s, want %s: %s", e.Code, test.code, e.Message)
				}
			}
		})
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if sent.Add(1) == 2 {
			w.Header().Set("Retry-After", "7")
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c, pauses := client(t, DRS, withKey(DRS, server))
	_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
	_ = problemOf(t, err)
	first := c.limits.firstPause
	if len(*pauses) != 3 || (*pauses)[0] < first/2 || (*pauses)[0] > first || (*pauses)[1] != 7*time.Second || (*pauses)[2] < 2*first || (*pauses)[2] > 4*first {
		t.Errorf("pauses %v", *pauses)
	}
}

func TestNoRetryBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	server := serve(t, answers(&sent, http.Header{"Retry-After": {"20"}}, 429))
	c, pauses := client(t, DRS, withKey(DRS, server))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := c.JSON(ctx, Target{}, listJobs(), nil)
	if e := problemOf(t, err); e.RetryAfter != 20*time.Second {
		t.Errorf("RetryAfter is %s", e.RetryAfter)
	}
	if sent.Load() != 1 || len(*pauses) != 0 {
		t.Errorf("sent %d times with pauses %v", sent.Load(), *pauses)
	}
}

// hangUp is a server that closes every connection after it has read from it, and counts them.
func hangUp(t *testing.T, accepted *atomic.Int32) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		accepted.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request Request
		sent    int32
	}{
		"get":       {listJobs(), 4},
		"post":      {Request{Operation: "X", Method: "POST", Path: []string{"x"}, Body: 1}, 1},
		"once-only": {Request{Operation: "X", Path: []string{"x"}, OnceOnly: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var accepted atomic.Int32
			c, _ := client(t, DRS, withKey(DRS, hangUp(t, &accepted)))
			_, err := c.JSON(t.Context(), Target{}, test.request, nil)
			e := problemOf(t, err)
			mention(t, e, "closed the connection")
			if name == "post" {
				mention(t, e, "may have been carried out")
			}
			if accepted.Load() != test.sent {
				t.Errorf("sent %d times, want %d", accepted.Load(), test.sent)
			}
		})
	}
}

// TestStaleConnection has the server drop kept connections when the next request arrives: net/http then sends a GET again by itself,
// which a once-only request must not suffer.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	var lock sync.Mutex
	seen := map[string]int{} // requests by connection
	var onceOnly atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		seen[r.RemoteAddr]++
		repeated := seen[r.RemoteAddr] > 1
		lock.Unlock()
		if strings.HasSuffix(r.URL.Path, "/archive") {
			onceOnly.Add(1)
			repeated = true
		}
		if repeated {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		write(w, "{}")
	})
	c, pauses := client(t, ROMA, withKey(ROMA, server))
	for range 3 { // leaves a kept connection behind
		if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(*pauses) != 0 {
		t.Fatalf("net/http did not repeat the GETs by itself; this test shows nothing: %v", *pauses)
	}
	_, err := c.JSON(t.Context(), Target{}, Request{Operation: "DownloadAssetArchive", Path: []string{"archive"}, OnceOnly: true}, nil)
	_ = problemOf(t, err)
	if onceOnly.Load() != 1 {
		t.Errorf("the once-only request was sent %d times", onceOnly.Load())
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var sent atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		if strings.HasSuffix(r.URL.Path, "/stall") {
			write(w, `{"jobs":`)
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server's own cleanup
	for path, want := range map[string]string{"hang": "did not answer in time", "stall": "stopped sending"} {
		sent.Store(0)
		c, _ := client(t, DRS, withKey(DRS, server))
		c.limits.answer, c.limits.stall = 50*time.Millisecond, 50*time.Millisecond
		if path == "stall" {
			c.limits.answer = time.Minute
		}
		_, err := c.JSON(t.Context(), Target{}, Request{Operation: "X", Path: []string{path}}, nil)
		mention(t, problemOf(t, err), want, server.Listener.Addr().String())
		if sent.Load() != 1 {
			t.Errorf("%s: sent %d times, want once", path, sent.Load())
		}
	}
}

func TestCancellation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	})
	t.Cleanup(func() { close(release) })
	c, _ := client(t, DRS, withKey(DRS, server))
	if _, err := c.JSON(ctx, Target{}, listJobs(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestConnectionErrors(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(untrusted.Close)
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	for name, test := range map[string]struct {
		endpoint string
		parts    []string
		pauses   int
	}{
		"refused":    {closed.URL, []string{"refused the connection", "Check the network"}, 3},
		"no name":    {"https://no-such-host.invalid", []string{"no-such-host.invalid"}, -1},
		"untrusted":  {untrusted.URL, []string{"not trusted", "SSL_CERT_FILE"}, 0},
		"not https":  {"https://" + plain.Listener.Addr().String(), []string{"not trusted"}, 0},
		"post":       {closed.URL, []string{"refused the connection", "Check the network"}, 3},
		"once only ": {closed.URL, []string{"refused the connection"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, pauses := client(t, DRS, withKey(DRS, plain).with(envEndpoint+"DRS", test.endpoint))
			r := listJobs()
			r.OnceOnly = strings.HasPrefix(name, "once")
			if name == "post" {
				r.Method = "POST"
			}
			_, err := c.JSON(t.Context(), Target{}, r, nil)
			e := problemOf(t, err)
			mention(t, e, append(test.parts, "ListJobs of DRS")...)
			if strings.Contains(e.Message, "/v5/") {
				t.Errorf("the message holds a URL: %s", e.Message)
			}
			if test.pauses >= 0 && len(*pauses) != test.pauses {
				t.Errorf("%d retries, want %d", len(*pauses), test.pauses)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, test := range map[string]struct {
		err           error
		unsent, again bool
		what          string
	}{
		"name unknown":  {dial(&net.DNSError{IsNotFound: true}), true, false, "not a name"},
		"resolver down": {dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), true, true, "looked up"},
		"dial timeout":  {dial(context.DeadlineExceeded), true, false, "did not answer"},
		"proxy refused": {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: dial(errors.New("x"))}, true, true, "through the proxy"},
		"reset":         {&net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}, false, true, "closed the connection"},
		"anything else": {errors.New("malformed reply"), false, false, "malformed reply"},
	} {
		f := classify(test.err)
		if f.unsent != test.unsent || f.again != test.again || !strings.Contains(f.what, test.what) {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}
