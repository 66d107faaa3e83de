package web_test

import (
	"net/http"
	"strings"
	"testing"

	"mcp-server/internal/web"
)

func TestHostsAndOrigins(t *testing.T) {
	t.Parallel()
	_, url, _ := start(t, web.Config{PublicURL: "https://mcp.example.com", AllowOrigins: []string{"https://app.example.com"}})
	addr := strings.TrimPrefix(url, "http://")
	_, port, _ := strings.Cut(addr, ":")
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"itself":                       {nil, 200},
		"localhost":                    {[]string{"Host: localhost:" + port}, 200},
		"IPv6":                         {[]string{"Host: [::1]:" + port}, 200},
		"another loopback address":     {[]string{"Host: 127.8.9.1"}, 200},
		"the public name":              {[]string{"Host: mcp.example.com"}, 200},
		"the public name, with a port": {[]string{"Host: mcp.example.com:443"}, 200},
		"a stranger's name":            {[]string{"Host: evil.example"}, 403},
		"a name with loopback in it":   {[]string{"Host: 127.0.0.1.evil.example"}, 403},
		"localhost in a name":          {[]string{"Host: localhost.evil.example:" + port}, 403},
		"all addresses":                {[]string{"Host: 0.0.0.0:" + port}, 403},
		"another machine":              {[]string{"Host: 192.0.2.1"}, 403},
		"its own page":                 {[]string{"Origin: http://" + addr}, 200},
		"its public page":              {[]string{"Origin: https://mcp.example.com"}, 200},
		"its page as localhost":        {[]string{"Host: localhost:" + port, "Origin: http://localhost:" + port}, 200},
		"another port":                 {[]string{"Origin: http://127.0.0.1:1"}, 403},
		"another scheme":               {[]string{"Origin: https://" + addr}, 403},
		"an allowed page":              {[]string{"Origin: https://app.example.com"}, 200},
		"an allowed page's port":       {[]string{"Origin: https://app.example.com:444"}, 403},
		"a stranger's page":            {[]string{"Origin: https://evil.example"}, 403},
		"a file":                       {[]string{"Origin: null"}, 403},
		"two":                          {[]string{"Origin: http://" + addr, "Origin: https://evil.example"}, 403},
		"an empty one":                 {[]string{"Origin: "}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/mcp", "/healthz", "/nowhere"} {
				method, status := http.MethodPost, c.status
				if path == "/nowhere" && status == 200 {
					status = 404
				}
				if path == "/healthz" {
					method = http.MethodGet
					if len(c.headers) == 1 && strings.HasPrefix(c.headers[0], "Host: ") {
						status = 200 // probes name an address
					}
				}
				if a := ask(t, method, url+path, "{}", c.headers...); a.status != status {
					t.Errorf("%s: %d, want %d: %s", path, a.status, status, a.body)
				}
			}
		})
	}
}

func TestCrossOriginQuestions(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, AllowOrigins: []string{"https://app.example.com"}})
	question := []string{"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type,mcp-param-x,x-evil"}
	a := ask(t, http.MethodOptions, url+"/mcp", "", append(question, "Origin: https://app.example.com")...)
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" ||
		a.header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, Mcp-Param-X" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("an allowed page: %d %v", a.status, a.header)
	}
	a = ask(t, http.MethodOptions, url+"/mcp", "", append(question, "Origin: https://evil.example")...)
	if a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a stranger's page: %d %v", a.status, a.header)
	}
	a = ask(t, http.MethodPost, url+"/mcp", call, "Origin: https://app.example.com")
	if a.status != 401 || a.header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a page cannot read why: %d %v", a.status, a.header)
	}
}

func TestConfigsThatAreRefused(t *testing.T) {
	t.Parallel()
	g, path := gate(t, "")
	_ = path
	for name, c := range map[string]struct {
		config web.Config
		want   string
	}{
		"open to all":          {web.Config{Addr: ":0"}, "--access FILE"},
		"open on IPv6":         {web.Config{Addr: "[::]:0"}, "--access FILE"},
		"a name":               {web.Config{Addr: "mcp.example.com:80"}, "--access FILE"},
		"no TLS":               {web.Config{Addr: "0.0.0.0:0", Access: g}, "--insecure-http"},
		"no port":              {web.Config{Addr: "127.0.0.1"}, "HOST:PORT"},
		"a port alone":         {web.Config{Addr: "8080"}, "HOST:PORT"},
		"no number":            {web.Config{Addr: "127.0.0.1:http"}, "HOST:PORT"},
		"half of TLS":          {web.Config{Addr: "127.0.0.1:0", TLSCert: "x"}, "go together"},
		"no certificate":       {web.Config{Addr: "127.0.0.1:0", TLSCert: "x", TLSKey: "y"}, "reading the TLS certificate"},
		"every origin":         {web.Config{Addr: "127.0.0.1:0", AllowOrigins: []string{"*"}}, "--allow-origin"},
		"no public URL":        {web.Config{Addr: "127.0.0.1:0", PublicURL: "mcp.example.com"}, "--public-url"},
		"metrics without port": {web.Config{Addr: "127.0.0.1:0", MetricsAddr: "x"}, "--metrics-addr"},
	} {
		c.config.MCP = http.HandlerFunc(echo)
		if _, err := web.New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := web.New(web.Config{Addr: ":0", Access: g, InsecureHTTP: true, MCP: http.HandlerFunc(echo)}); err != nil {
		t.Errorf("with tokens behind a proxy: %v", err)
	}
}
