package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mcp-server/internal/access"
)

// places knows from where a request may come: the Host that it names and the Origin of the web page that sent it. A page
// of a stranger can send a browser's requests to this machine, and by DNS rebinding read the answers (the MCP
// specification, transports, security warning).
type places struct {
	loopback bool
	tls      bool
	public   []string // origins under which clients know the server
	allowed  []string // origins of other sites
}

func newPlaces(c Config) (places, error) {
	p := places{loopback: loopbackAddr(c.Addr), tls: c.TLSCert != ""}
	if c.PublicURL != "" {
		o, err := origin(c.PublicURL)
		if err != nil || !strings.HasPrefix(o, "http") {
			return places{}, fmt.Errorf("--public-url %q is no URL; write it as https://mcp.example.com", c.PublicURL)
		}
		p.public = append(p.public, o)
	}
	if c.Access != nil {
		if resource, ok := c.Access.Resource(); ok {
			if o, err := origin(resource.Resource); err == nil {
				p.public = append(p.public, o)
			}
		}
	}
	for _, text := range c.AllowOrigins {
		o, err := origin(text)
		if err != nil {
			return places{}, fmt.Errorf("--allow-origin: %w; every origin is named, and none stands for all", err)
		}
		p.allowed = append(p.allowed, o)
	}
	return p, nil
}

// check wraps a handler and lets only requests from known places through. It answers the questions that browsers ask
// before a request across origins.
func (p places) check(next http.Handler, refused func(*http.Request, Refusal, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.hostKnown(r.Host) && !isHealth(r.URL.Path) { // probes name an address, and learn nothing that is secret
			refused(r, Refusal{Status: http.StatusForbidden, Reason: "forbidden_host"}, "the Host is "+cut(r.Host))
			fail(w, http.StatusForbidden, "forbidden_host", "the server does not answer to this Host; use localhost, or name the host with --public-url")
			return
		}
		origins := r.Header["Origin"]
		switch {
		case len(origins) == 0:
		case len(origins) == 1 && p.own(origins[0], r.Host):
		case len(origins) == 1 && p.allows(origins[0]):
			grant(w.Header(), origins[0])
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				answerPreflight(w, r)
				return
			}
		default:
			refused(r, Refusal{Status: http.StatusForbidden, Reason: "forbidden_origin"}, "the Origin is "+cut(origins[0]))
			fail(w, http.StatusForbidden, "forbidden_origin", "web pages of this origin may not call the server; its keeper can allow them with --allow-origin")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// cut shortens what a client sent for the log.
func cut(text string) string { return strconv.Quote(text[:min(len(text), 100)]) }

// hostKnown holds a server on loopback to the names of the machine itself, and to its public one.
func (p places) hostKnown(hostport string) bool {
	if !p.loopback {
		return true
	}
	host, ok := hostname(hostport)
	return ok && (access.LoopbackHost(host) || p.isPublic(hostport))
}

func (p places) isPublic(hostport string) bool {
	return slices.ContainsFunc(p.public, func(o string) bool {
		scheme, _, _ := strings.Cut(o, "://")
		asked, err := origin(scheme + "://" + hostport)
		return err == nil && asked == o
	})
}

// own reports whether a page comes from the server itself. The Host counts only where no stranger's name can stand in it.
func (p places) own(from, hostport string) bool {
	o, err := origin(from)
	if err != nil {
		return false
	}
	if slices.Contains(p.public, o) {
		return true
	}
	scheme := "http://"
	if p.tls {
		scheme = "https://"
	}
	self, err := origin(scheme + hostport)
	host, ok := hostname(hostport)
	_, notIP := netip.ParseAddr(host)
	return err == nil && ok && o == self && (access.LoopbackHost(host) || notIP == nil)
}

func (p places) allows(from string) bool {
	o, err := origin(from)
	return err == nil && slices.Contains(p.allowed, o)
}

// hostname takes the port off a Host, which must hold nothing else.
func hostname(hostport string) (string, bool) {
	u, err := url.Parse("//" + hostport)
	if err != nil || u.User != nil || u.Host != hostport || u.Hostname() == "" {
		return "", false
	}
	return u.Hostname(), true
}

// grant lets a page read the answer.
func grant(h http.Header, from string) {
	h.Set("Access-Control-Allow-Origin", from)
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate, Retry-After, ETag, Content-Range, Content-Disposition")
}

func answerPreflight(w http.ResponseWriter, r *http.Request) {
	var headers []string
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		if name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)); usedByClients(name) {
			headers = append(headers, name)
		}
	}
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", strings.Join(headers, ", "))
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// usedByClients lists the headers that MCP's transport and ranges need.
func usedByClients(name string) bool {
	switch name {
	case "Accept", "Authorization", "Content-Type", "Last-Event-Id", "Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name",
		"Range", "If-Range", "If-None-Match", "Traceparent", "Tracestate":
		return true
	}
	return strings.HasPrefix(name, "Mcp-Param-")
}
