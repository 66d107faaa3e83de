package transport

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// guard refuses what a web page of another site can make a browser send: a name that resolves to this server, and an
// origin that is not its own.
func (t *Transport) guard(r *http.Request) (reason string) {
	if t.cfg.Guarded {
		return ""
	}
	host := hostName(r.Host)
	local := onLoopback(r)
	allowed := slices.ContainsFunc(t.cfg.AllowedHosts, func(h string) bool { return strings.EqualFold(h, host) })
	switch {
	case allowed, local && isLoopback(host):
	case local:
		return "the server listens on a loopback address and does not go by the name " + host
	case len(t.cfg.AllowedHosts) > 0:
		return "the server does not go by the name " + host
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return ""
	}
	if len(origins) > 1 || !t.knownOrigin(origins[0], r.Host, local) {
		return "pages of this origin may not use the server"
	}
	return ""
}

func (t *Transport) knownOrigin(origin, host string, local bool) bool {
	if slices.ContainsFunc(t.cfg.AllowedOrigins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return strings.EqualFold(u.Host, host) || local && isLoopback(hostName(u.Host))
}

func onLoopback(r *http.Request) bool {
	address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	local, err := netip.ParseAddrPort(address.String())
	return err == nil && local.Addr().Unmap().IsLoopback()
}

// hostName is a Host header without its port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func isLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}
