package huaweicloud

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"

	"mcp-server/sdk"
)

const userAgent = "mcp-server"

// newTransport makes the client's connections: through the host's proxy, which is the only way out of a plugin's process, with a bound
// for every step. Bodies arrive as they are sent, since a length that is checked must be that of the file.
func (c *Client) newTransport() (*http.Transport, error) {
	egress, err := sdk.NewEgress(c.env)
	if err != nil {
		return nil, badSetting("%v", err)
	}
	dialer := &net.Dialer{Timeout: c.limits.dial, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		Proxy:               egress.Proxy,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: c.limits.dial,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     60 * time.Second,

		OnProxyConnectResponse: egress.Connected,
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

// roundTrip sends a request, and makes an error of what the host's proxy answers in the place of the target.
func (c *Client) roundTrip(transport http.RoundTripper, r *http.Request) (*http.Response, error) {
	response, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	egress, err := sdk.NewEgress(c.env)
	if err == nil {
		err = egress.Failure(response)
	}
	if err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	return response, nil
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
