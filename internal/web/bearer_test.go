package web_test

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/web"
)

const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`

func TestBearer(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "")
	var log lockedBuffer
	_, url, _ := start(t, web.Config{Access: g, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for name, c := range map[string]struct {
		headers []string
		query   string
		status  int
		want    string // in WWW-Authenticate
	}{
		"none":               {nil, "", 401, `Bearer realm="mcp-server"`},
		"good":               {[]string{"Authorization: Bearer " + token}, "", 200, ""},
		"case of the scheme": {[]string{"Authorization: bEARER " + token}, "", 200, ""},
		"unknown":            {[]string{"Authorization: Bearer " + token + "x"}, "", 401, `error="invalid_token"`},
		"in the query":       {nil, "?access_token=" + token, 401, "realm"},
		"another scheme":     {[]string{"Authorization: Basic " + token}, "", 401, "realm"},
		"twice":              {[]string{"Authorization: Bearer " + token, "Authorization: Bearer " + token}, "", 400, `error="invalid_request"`},
		"two in one":         {[]string{"Authorization: Bearer " + token + ", Bearer " + token}, "", 400, `error="invalid_request"`},
		"two spaces":         {[]string{"Authorization: Bearer  " + token}, "", 400, `error="invalid_request"`},
		"nothing after":      {[]string{"Authorization: Bearer"}, "", 400, `error="invalid_request"`},
		"odd bytes":          {[]string{"Authorization: Bearer " + token + "\xff\xfe"}, "", 400, `error="invalid_request"`},
		"long":               {[]string{"Authorization: Bearer " + strings.Repeat("a", 20<<10)}, "", 400, `error="invalid_request"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, http.MethodPost, url+"/mcp"+c.query, call, c.headers...)
			challenge := a.header.Get("WWW-Authenticate")
			if a.status != c.status || !strings.Contains(challenge, c.want) || strings.Contains(challenge+a.body, token) {
				t.Errorf("got %d %q %q", a.status, challenge, a.body)
			}
			if a.status == 200 && a.body != "alice:"+call+":<nil>:" {
				t.Errorf("the endpoint saw %q", a.body)
			}
		})
	}
	t.Cleanup(func() {
		if text := log.String(); strings.Contains(text, token) || !strings.Contains(text, "path=/mcp") {
			t.Errorf("the log shows a token, or nothing:\n%s", text)
		}
	})
}

// lockedBuffer is written by a server while a test reads it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestOAuthChallenges(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	const resource = "https://mcp.example.com/mcp"
	path := accesstest.File(t, "access.yaml", "oauth:\n  resource: "+resource+"\n  issuer: "+issuer.URL+
		"\n  required_scopes: [\"mcp:tools\"]\n  rules: [{when: {sub: alice}}]\n")
	g, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	_, url, _ := start(t, web.Config{Access: g})
	where := `resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="mcp:tools"`
	sign := func(changes map[string]any) string {
		return "Authorization: Bearer " + issuer.Sign(t, "one", issuer.Claims(resource, changes))
	}
	body, err := json.Marshal(issuer.Claims(resource, nil))
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(issuer.Key("one"))
	if err != nil {
		t.Fatal(err)
	}
	signed := func(a jose.SignatureAlgorithm, key any, id string) string {
		return accesstest.Sign(t, a, key, map[jose.HeaderKey]any{"kid": id}, body)
	}
	encode := base64.RawURLEncoding.EncodeToString
	unsigned := encode([]byte(`{"alg":"none","kid":"one"}`)) + "." + encode(body) + "." + encode([]byte("x"))
	for name, c := range map[string]struct {
		header string
		status int
		want   string
	}{
		"none":       {"X: y", 401, "Bearer " + where},
		"good":       {sign(nil), 200, ""},
		"expired":    {sign(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), 401, where + `, error="invalid_token", error_description="the token has expired (its claim exp)"`},
		"audience":   {sign(map[string]any{"aud": "https://other"}), 401, `error="invalid_token"`},
		"issuer":     {sign(map[string]any{"iss": "https://other"}), 401, `error="invalid_token"`},
		"no key":     {"Authorization: Bearer " + signed(jose.HS256, make([]byte, 32), "none of its keys"), 401, `error="invalid_token"`},
		"HS256":      {"Authorization: Bearer " + signed(jose.HS256, public, "one"), 401, `error="invalid_token"`},
		"alg none":   {"Authorization: Bearer " + unsigned, 401, `error="invalid_token"`},
		"scope":      {sign(map[string]any{"scope": "other"}), 403, where + `, error="insufficient_scope"`},
		"a stranger": {sign(map[string]any{"sub": "mallory"}), 403, ""},
	} {
		a := ask(t, http.MethodPost, url+"/mcp", call, c.header)
		if challenge := a.header.Get("WWW-Authenticate"); a.status != c.status || !strings.HasPrefix(challenge, "Bearer") && c.want != "" || !strings.Contains(challenge, c.want) {
			t.Errorf("%s: %d %q %q", name, a.status, challenge, a.body)
		}
	}
	want := `{"resource":"` + resource + `","authorization_servers":["` + issuer.URL + `"],"scopes_supported":["mcp:tools"],"bearer_methods_supported":["header"]}` + "\n"
	for _, p := range []string{"", "/mcp"} {
		if a := ask(t, http.MethodGet, url+"/.well-known/oauth-protected-resource"+p, ""); a.status != 200 || a.body != want {
			t.Errorf("the metadata at %q: %d %q", p, a.status, a.body)
		}
	}
	if a := ask(t, http.MethodGet, url+"/.well-known/oauth-protected-resource/other", ""); a.status != 404 {
		t.Errorf("the metadata of another resource: %d", a.status)
	}
	issuer.Down.Store(true)
	issuer.Add(t, "two")
	fresh, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	_, url, _ = start(t, web.Config{Access: fresh})
	if a := ask(t, http.MethodPost, url+"/mcp", call, sign(nil)); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("while the issuer is down: %d %q", a.status, a.body)
	}
}

func TestNoMetadataWithoutOAuth(t *testing.T) {
	t.Parallel()
	_, url, _ := start(t, web.Config{})
	a := ask(t, http.MethodGet, url+"/.well-known/oauth-protected-resource", "")
	if a.status != 404 || errorOf(t, a) != "not_found" {
		t.Errorf("got %d %q", a.status, a.body)
	}
}

func TestTokenThatIsTakenAway(t *testing.T) {
	t.Parallel()
	g, path := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, MCP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("open\n"))
		_ = http.NewResponseController(w).Flush()
		if r.Method == http.MethodGet {
			<-r.Context().Done()
			_, _ = w.Write([]byte("closed\n"))
		}
	})})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/mcp", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	stream := bufio.NewReader(resp.Body)
	if line := lineOf(t, stream); line != "open" {
		t.Fatalf("the stream begins with %q", line)
	}
	if err := os.WriteFile(path, []byte("callers: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := ask(t, http.MethodPost, url+"/mcp", call, "Authorization: Bearer "+token); a.status != 401 {
		t.Errorf("a stolen token after its removal: %d", a.status)
	}
	if line := lineOf(t, stream); line != "closed" { // within some seconds
		t.Errorf("the open stream says %q", line)
	}
}
