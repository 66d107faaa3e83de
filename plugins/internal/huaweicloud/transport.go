package huaweicloud

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"
)

const userAgent = "mcp-server"

// newTransport makes the client's connections: through the proxy that the environment names, with a bound for every
// step. Bodies arrive as they are sent, since a length that is checked must be that of the file.
func (c *Client) newTransport() (*http.Transport, error) {
	proxies := httpproxy.Config{
		HTTPProxy:  firstOf(c.setting("HTTP_PROXY"), c.setting("http_proxy")),
		HTTPSProxy: firstOf(c.setting("HTTPS_PROXY"), c.setting("https_proxy")),
		NoProxy:    firstOf(c.setting("NO_PROXY"), c.setting("no_proxy")),
	}
	proxyOf := proxies.ProxyFunc()
	dialer := &net.Dialer{Timeout: c.limits.dial, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxyOf(r.URL) },
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: c.limits.dial,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     60 * time.Second,
	}
	file := c.setting(envCertFile)
	if file == "" {
		return t, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // Windows before 2022 has no pool to read
	}
	pem, err := c.readFile(file)
	if err != nil {
		return nil, badSetting("%s names a file that cannot be read (%v)", envCertFile, reasonWithoutPath(err))
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, badSetting("%s names a file without a certificate in PEM form", envCertFile)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// roundTripper returns the shared connections, or for a request that must not be sent twice one of its own: net/http sends
// a GET again by itself when a kept connection turns out to be closed, and HTTP/2 when the server goes away.
func (c *Client) roundTripper(fresh bool) (transport *http.Transport, done func(), err error) {
	if !fresh {
		shared, err := c.transport()
		return shared, func() {}, err
	}
	own, err := c.newTransport()
	if err != nil {
		return nil, nil, err
	}
	own.DisableKeepAlives = true
	own.ForceAttemptHTTP2 = false
	own.Protocols = new(http.Protocols)
	own.Protocols.SetHTTP1(true)
	return own, own.CloseIdleConnections, nil
}
