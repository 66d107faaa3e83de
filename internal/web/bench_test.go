package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/web"
)

// BenchmarkRequest measures what the server adds to a request: the bare handler, one with a token among 100, and one with
// a signed token.
func BenchmarkRequest(b *testing.B) {
	issuer := accesstest.NewIssuer(b, "one")
	text := "oauth: {resource: \"https://mcp.example.com/mcp\", issuer: \"" + issuer.URL + "\", rules: [{default: true, rate: 1000000000}]}\ncallers:\n"
	for i := range 100 {
		sum, err := access.Hash(fmt.Sprintf("%s-%d", token, i))
		if err != nil {
			b.Fatal(err)
		}
		text += fmt.Sprintf("  - {name: c%d, token_sha256: \"%s\", rate: 1000000000}\n", i, sum)
	}
	g, err := access.Open(access.Options{Path: accesstest.File(b, "access.yaml", text)})
	if err != nil {
		b.Fatal(err)
	}
	s, err := web.New(web.Config{Addr: "127.0.0.1:0", Access: g, MCP: http.HandlerFunc(echo)})
	if err != nil {
		b.Fatal(err)
	}
	signed := issuer.Sign(b, "one", issuer.Claims("https://mcp.example.com/mcp", nil))
	for name, c := range map[string]struct {
		handler http.Handler
		token   string
	}{
		"bare": {http.HandlerFunc(echo), ""}, "token": {s.Handler(), token + "-99"}, "signed": {s.Handler(), signed},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://localhost/mcp", strings.NewReader(call))
				r.Header.Set("Authorization", "Bearer "+c.token)
				w := httptest.NewRecorder()
				c.handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
