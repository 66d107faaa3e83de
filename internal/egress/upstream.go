package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/net/http/httpproxy"

	"mcp-server/sdk"
)

// upstream is the proxies that the host itself is behind.
type upstream struct {
	proxyOf func(*url.URL) (*url.URL, error)
	tls     *tls.Config // of a proxy behind https; nil trusts what the system does
}

func upstreamOf(lookup func(string) (string, bool)) upstream {
	either := func(names ...string) string {
		for _, name := range names {
			if value, _ := lookup(name); value != "" {
				return value
			}
		}
		return ""
	}
	config := httpproxy.Config{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
	}
	return upstream{proxyOf: config.ProxyFunc()}
}

// of returns the proxy for a target, nil where there is none: this machine, link-local addresses, which mean another machine there, and what
// NO_PROXY names. The scheme is https for tunnels, whatever goes through them.
func (u upstream) of(scheme string, t target) (*url.URL, error) {
	if t.addr.IsValid() && t.addr.IsLinkLocalUnicast() {
		return nil, nil
	}
	proxy, err := u.proxyOf(&url.URL{Scheme: scheme, Host: t.authority()})
	if err != nil {
		return nil, failed(sdk.EgressUpstream, "the setting of the server's own proxy cannot be read") // its text may hold a password
	}
	if proxy != nil && proxy.Scheme != "http" && proxy.Scheme != "https" {
		return nil, failed(sdk.EgressUpstream, "the server's own proxy is of the kind %s; only http and https are possible", proxy.Scheme)
	}
	return proxy, nil
}

func (t target) authority() string {
	return net.JoinHostPort(t.name(), strconv.Itoa(int(t.port)))
}

// upstreamAddress is what to dial for a proxy.
func upstreamAddress(proxy *url.URL) string {
	port := proxy.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[proxy.Scheme]
	}
	return net.JoinHostPort(proxy.Hostname(), port)
}

const theProxy = "the server's own proxy"

// connectThrough has a proxy connect to a target. Early is what the target has sent already.
func (p *Proxy) connectThrough(ctx context.Context, proxy *url.URL, t target) (conn net.Conn, early []byte, err error) {
	conn, err = p.network.dial(ctx, upstreamAddress(proxy))
	if err != nil {
		return nil, nil, failed(sdk.EgressUpstream, "%s", unreachable(theProxy, err).reason)
	}
	raw := conn
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) }) // the handshakes know no context
	if proxy.Scheme == "https" {
		config := p.upstream.tls.Clone()
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		config.ServerName = proxy.Hostname()
		conn = tls.Client(conn, config)
	}
	early, err = handshake(conn, proxy, t)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close()
		return nil, nil, failed(sdk.EgressUpstream, "%s", unreachable(theProxy, err).reason)
	}
	return conn, early, nil
}

// handshake asks a proxy for a tunnel.
func handshake(conn net.Conn, proxy *url.URL, t target) (early []byte, err error) {
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: t.authority()}, Host: t.authority(), Header: http.Header{"User-Agent": nil}}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		ask.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := ask.Write(conn); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxHeader))
	answer, err := http.ReadResponse(reader, ask)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close() // there is none in an answer to CONNECT
	if answer.StatusCode != http.StatusOK {
		return nil, failed(sdk.EgressUpstream, "%s did not connect to %s: it answered %s", theProxy, t.name(), answer.Status)
	}
	early, err = reader.Peek(reader.Buffered())
	return append([]byte(nil), early...), err
}
