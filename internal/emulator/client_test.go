package emulator_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

// TestMain fails when a test has left a goroutine of the emulator or of its servers behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := leftovers(); left != "" {
			fmt.Fprintln(os.Stderr, "goroutines left behind:\n"+left)
			code = 1
		}
	}
	os.Exit(code)
}

// leftovers waits a while for goroutines that are on their way out and returns the stacks of the rest.
func leftovers() string {
	var left []string
	for range 100 {
		left = nil
		buffer := make([]byte, 1<<20)
		for _, stack := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
			if strings.Contains(stack, "net/http.(*conn)") || strings.Contains(stack, "net/http.(*Server)") ||
				strings.Contains(stack, "emulator.(*") {
				left = append(left, stack)
			}
		}
		if left == nil {
			return ""
		}
		<-time.After(10 * time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

// fakeClock stands still until it is told to go on.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *fakeClock { return &fakeClock{now: time.Now().Truncate(time.Second)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// client is a plain net/http client with a signer of its own. It never follows a redirect and sends each request on
// a new connection, so that a fault on one does not show in the next.
type client struct {
	*testing.T
	*emulator.Emulator
	clock *fakeClock
	http  *http.Client
	ak    string
	sk    string
}

func start(t *testing.T, config emulator.Config) *client {
	t.Helper()
	clock := newClock()
	if config.Clock == nil {
		config.Clock = clock.Now
	}
	e, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	keys := e.Credentials()
	return &client{T: t, Emulator: e, clock: clock, ak: keys.AK, sk: keys.SK, http: &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// request builds an unsigned request to a service; path starts behind the host and holds {p} for the project.
func (c *client) request(method, service, path, body string) *http.Request {
	c.Helper()
	target := c.Endpoint(service) + strings.ReplaceAll(path, "{p}", emulator.ProjectID)
	r, err := http.NewRequestWithContext(c.Context(), method, target, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	if service == emulator.ServiceRFS {
		r.Header.Set("Client-Request-Id", "6f0c3a52-7f0e-4b38-9a52-0d6b5f3f9a11")
	}
	return r
}

// sign signs host, x-sdk-date and the headers that are set by now, except Content-Type.
func (c *client) sign(r *http.Request, body string) {
	sum := sha256.Sum256([]byte(body))
	c.signHash(r, hex.EncodeToString(sum[:]))
}

// signPayloadless signs a request whose body is not part of the signature.
func (c *client) signPayloadless(r *http.Request) { c.signHash(r, "UNSIGNED-PAYLOAD") }

func (c *client) signHash(r *http.Request, hash string) {
	r.Header.Set("X-Sdk-Date", c.clock.Now().UTC().Format("20060102T150405Z"))
	names := []string{"host"}
	for name := range r.Header {
		if name != "Content-Type" && name != "Authorization" {
			names = append(names, strings.ToLower(name))
		}
	}
	sort.Strings(names)
	var headers strings.Builder
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.URL.Host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, value)
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	path := strings.TrimSuffix(r.URL.EscapedPath(), "/") + "/"
	canonical := strings.Join([]string{r.Method, path, query, headers.String(), strings.Join(names, ";"), hash}, "\n")
	mac := hmac.New(sha256.New, []byte(c.sk))
	mac.Write(fmt.Appendf(nil, "SDK-HMAC-SHA256\n%s\n%x", r.Header.Get("X-Sdk-Date"), sha256.Sum256([]byte(canonical))))
	r.Header.Set("Authorization", fmt.Sprintf("SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%x",
		c.ak, strings.Join(names, ";"), mac.Sum(nil)))
}

// answer is a whole answer; err is what ended the body early, or kept the answer from coming at all.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (c *client) do(r *http.Request) answer {
	response, err := c.http.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: body, err: err}
}

// get and post send a signed request.
func (c *client) get(service, path string) answer { return c.send(http.MethodGet, service, path, "") }

func (c *client) post(service, path, body string) answer {
	return c.send(http.MethodPost, service, path, body)
}

func (c *client) send(method, service, path, body string) answer {
	c.Helper()
	r := c.request(method, service, path, body)
	c.sign(r, body)
	return c.do(r)
}

// want fails the test unless the answer has the status and, in its body, the text.
func (a answer) want(t testing.TB, status int, text string) answer {
	t.Helper()
	if a.err != nil {
		t.Fatalf("no whole answer: %v", a.err)
	}
	if a.status != status || !bytes.Contains(a.body, []byte(text)) {
		t.Fatalf("answer %d %s, want %d with %q", a.status, a.body, status, text)
	}
	return a
}

// into decodes a JSON answer of status 200, 201 or 202.
func into[T any](t testing.TB, a answer) T {
	t.Helper()
	var out T
	if a.err != nil || a.status < 200 || a.status > 202 {
		t.Fatalf("answer %d %s, %v", a.status, a.body, a.err)
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		t.Fatalf("decoding %s: %v", a.body, err)
	}
	return out
}

// sameAs fails the test unless the body is what the emulator holds under the name.
func (c *client) sameAs(a answer, name string) {
	c.Helper()
	held, ok := c.Content(name)
	if !ok {
		c.Fatalf("the emulator holds no %s", name)
	}
	if a.err != nil || !bytes.Equal(a.body, held) {
		c.Errorf("%d bytes arrived (%v), the emulator holds %d of %s", len(a.body), a.err, len(held), name)
	}
}

func mustParse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
