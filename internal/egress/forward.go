package egress

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mcp-server/sdk"
)

// forward answers a request with an absolute URL: plain http. Every request has a connection of its own to the target, because net/http
// sends a request again by itself when a kept connection turns out to be closed, and a proxy cannot know which ones bear that.
func (x *exchange) forward(w http.ResponseWriter, r *http.Request) {
	t, err := forwardTarget(r)
	if err != nil {
		x.refuse(w, err)
		return
	}
	matched, proxy, err := x.route("http", t)
	if err != nil {
		x.refuse(w, err)
		return
	}
	line := &line{}
	defer line.close() // after the answer, when it was carried out
	defer func() {
		if x.event.Refused == "" {
			x.done(line.sent.Load(), line.received.Load())
		}
	}()
	_ = http.NewResponseController(w).EnableFullDuplex() // an answer may begin before the request has ended
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { line.ready.Store(true) }})
	reverse := &httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      x.transport(t, matched, proxy, line),
		FlushInterval:  -1,
		BufferPool:     &x.door.proxy.buffers,
		ErrorLog:       log.New(io.Discard, "", 0),
		ModifyResponse: func(answer *http.Response) error { return checkAnswer(answer, t, proxy) },
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, err error) { x.refuse(w, x.broken(t, line, err)) },
	}
	reverse.ServeHTTP(w, r.WithContext(ctx))
}

// checkAnswer makes an error of what is the host's own proxy's business, and takes away what only this proxy says.
func checkAnswer(answer *http.Response, t target, proxy *url.URL) error {
	if proxy != nil && answer.StatusCode == http.StatusProxyAuthRequired {
		return failed(sdk.EgressUpstream, "%s did not connect to %s: it answered %s", theProxy, t.name(), answer.Status)
	}
	answer.Header.Del(sdk.EgressHeader)
	answer.Header.Del(sdk.EgressReasonHeader)
	return nil
}

// forwardTarget reads where a request goes.
func forwardTarget(r *http.Request) (target, error) {
	if r.URL.Host == "" || r.URL.Opaque != "" {
		return target{}, failed(sdk.EgressInvalid, "this is a proxy: ask with CONNECT, or with a whole URL such as http://example.com/")
	}
	if r.URL.Scheme != "http" {
		return target{}, failed(sdk.EgressInvalid, "a URL that does not begin with http:// goes through CONNECT")
	}
	t, hasPort, err := parseHost(strings.TrimSuffix(r.URL.Host, ":"))
	if err != nil {
		return target{}, failed(sdk.EgressInvalid, "the host cannot be connected to: %v", err)
	}
	if !hasPort {
		t.port = 80
	}
	return t, nil
}

// rewrite undoes what ReverseProxy does for a server's sake: what the plugin wrote is what arrives, but for the headers between two hops.
func rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	r.Out.URL.User = nil
	r.Out.Host = r.In.Host
	r.Out.Trailer = r.In.Trailer // which gets its values at the end of the body
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
	r.Out.Header.Del("Connection") // upgrades go through CONNECT
	r.Out.Header.Del("Upgrade")
}

// transport has one connection to the target, or to the proxy before it.
func (x *exchange) transport(t target, matched []rule, proxy *url.URL, l *line) *http.Transport {
	p := x.door.proxy
	transport := &http.Transport{
		DisableKeepAlives: true, DisableCompression: true, ExpectContinueTimeout: 2 * time.Second, MaxResponseHeaderBytes: 4 * maxHeader,
		TLSClientConfig: p.upstream.tls.Clone(), TLSHandshakeTimeout: p.limits.connect,
		DialContext: func(ctx context.Context, _, address string) (conn net.Conn, err error) {
			ctx, cancel := context.WithTimeout(ctx, p.limits.connect)
			defer cancel()
			if proxy != nil {
				if conn, err = p.network.dial(ctx, address); err != nil {
					return nil, failed(sdk.EgressUpstream, "%s", unreachable(theProxy, err).reason)
				}
			} else if conn, err = x.door.connect(ctx, t, matched); err != nil {
				return nil, err
			}
			return l.over(conn), nil
		},
	}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	return transport
}

// broken reads the error of a request: whether it came before the connection was made.
func (x *exchange) broken(t target, l *line, err error) error {
	if known, ok := errors.AsType[*failure](err); ok {
		return known
	}
	if !l.ready.Load() || errors.Is(err, context.Canceled) {
		return unreachable("the host "+t.name(), err)
	}
	return failed(sdk.EgressBroken, "the connection to the host %s broke: %s", t.name(), bottom(err))
}

// buffers are kept between requests: bodies are copied in pieces large enough for downloads.
type buffers struct{ pool sync.Pool }

const bufferSize = 128 << 10

// Get returns a buffer, whatever it holds.
func (b *buffers) Get() []byte {
	if kept, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return kept[:]
	}
	return make([]byte, bufferSize)
}

// Put keeps a buffer.
func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }

// line counts the bytes of one connection.
type line struct {
	conn           atomic.Pointer[net.Conn]
	ready          atomic.Bool // the request may have been sent
	sent, received atomic.Int64
}

func (l *line) over(c net.Conn) net.Conn {
	l.conn.Store(&c)
	return &counted{Conn: c, line: l}
}

// close ends the connection if the transport has not.
func (l *line) close() {
	if c := l.conn.Load(); c != nil {
		_ = (*c).Close()
	}
}

type counted struct {
	net.Conn
	line *line
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.line.received.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.line.sent.Add(int64(n))
	return n, err
}
