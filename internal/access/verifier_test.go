package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mcp-server/internal/access/accesstest"
)

const resource = "https://mcp.example.com/mcp"

func openWithOAuth(t *testing.T, issuer, more string) *Gate {
	t.Helper()
	gate, err := Open(Options{Path: accesstest.File(t, "access.yaml", `
oauth:
  resource: `+resource+`
  issuer: `+issuer+`
  required_scopes: [mcp:tools]
`+more)})
	if err != nil {
		t.Fatal(err)
	}
	return gate
}

const rules = `
  rules:
    - when: {scope: "mcp:admin"}
      rate: 1000
    - when: {groups: ops, realm_access.roles: mcp}
      deny: ["hint:destructive"]
    - default: true
      read_only: true
`

func kindOf(err error) RefusalKind {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Kind
	}
	return 0
}

func TestTokenClaims(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	gate := openWithOAuth(t, issuer.URL, rules)
	past := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	for name, c := range map[string]struct {
		changes map[string]any
		want    RefusalKind
	}{
		"good":                       {nil, 0},
		"good in a list":             {map[string]any{"aud": []string{"https://other", resource}}, 0},
		"expired":                    {map[string]any{"exp": past(time.Hour)}, Expired},
		"expired within the leeway":  {map[string]any{"exp": past(10 * time.Second)}, 0},
		"expires never":              {map[string]any{"exp": nil}, Invalid},
		"expires at a word":          {map[string]any{"exp": "tomorrow"}, Invalid},
		"not yet":                    {map[string]any{"nbf": past(-time.Hour)}, Invalid},
		"issued in the future":       {map[string]any{"iat": past(-time.Hour)}, Invalid},
		"another audience":           {map[string]any{"aud": "https://mcp.example.com"}, Invalid},
		"a prefix of the audience":   {map[string]any{"aud": resource + "/"}, Invalid},
		"no audience":                {map[string]any{"aud": nil}, Invalid},
		"another issuer":             {map[string]any{"iss": issuer.URL + "/"}, Invalid},
		"no issuer":                  {map[string]any{"iss": nil}, Invalid},
		"too few scopes":             {map[string]any{"scope": "mcp:toolsmith"}, TooFewScopes},
		"no scope":                   {map[string]any{"scope": nil}, TooFewScopes},
		"scopes of another kind":     {map[string]any{"scope": nil, "scp": []string{"mcp:tools"}}, 0},
		"no name":                    {map[string]any{"sub": nil}, Invalid},
		"a name that breaks a line":  {map[string]any{"sub": "a\nb"}, Invalid},
		"a name with a zero width":   {map[string]any{"sub": "ali\u200bce"}, Invalid},
		"a name that turns round":    {map[string]any{"sub": "\u202eecila"}, Invalid},
		"a name of two lines":        {map[string]any{"sub": "a\u2028b"}, Invalid},
		"a name as long as a novel":  {map[string]any{"sub": strings.Repeat("a", 1000)}, Invalid},
		"a name that is no text":     {map[string]any{"sub": 7}, Invalid},
		"claims that nobody expects": {map[string]any{"x": map[string]any{"y": []any{1, nil}}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := issuer.Sign(t, "one", issuer.Claims(resource, c.changes))
			caller, err := gate.Identify(t.Context(), token)
			if kindOf(err) != c.want {
				t.Fatalf("got %+v and %v, want kind %d", caller, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), token[:20]) {
				t.Errorf("the refusal shows the token: %v", err)
			}
			if err == nil && (caller.Name != "oauth:alice" || !caller.Policy.ReadOnly) {
				t.Errorf("the caller is %+v", caller)
			}
		})
	}
}

func TestTokenRules(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	gate := openWithOAuth(t, issuer.URL, rules)
	mapped := func(changes map[string]any) Caller {
		c, err := gate.Identify(t.Context(), issuer.Sign(t, "one", issuer.Claims(resource, changes)))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	roles := map[string]any{"roles": []string{"mcp", "x"}}
	if c := mapped(map[string]any{"scope": "mcp:tools mcp:admin"}); c.Limits.PerMinute != 1000 || c.Policy.ReadOnly {
		t.Errorf("an admin is %+v", c)
	}
	if c := mapped(map[string]any{"groups": []string{"dev", "ops"}, "realm_access": roles}); len(c.Policy.Deny) != 1 {
		t.Errorf("one of ops is %+v", c)
	}
	for _, groups := range []any{[]string{"ops"}, "dev ops", []any{[]string{"ops"}}, map[string]any{"ops": true}} {
		if c := mapped(map[string]any{"groups": groups}); !c.Policy.ReadOnly {
			t.Errorf("with groups %v alone: %+v", groups, c)
		}
	}
	if c := mapped(map[string]any{"groups": "dev ops", "realm_access": roles}); !c.Policy.ReadOnly {
		t.Errorf("a group with a space counts as two: %+v", c)
	}
	strict := openWithOAuth(t, issuer.URL, "  rules:\n    - when: {sub: bob}\n")
	if c, err := strict.Identify(t.Context(), issuer.Sign(t, "one", issuer.Claims(resource, nil))); kindOf(err) != NoRule {
		t.Errorf("one whom no rule knows: %+v, %v", c, err)
	}
}

// TestRefusalsNameTheClaim sees to it that whoever gets a refusal knows where to look.
func TestRefusalsNameTheClaim(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	gate := openWithOAuth(t, issuer.URL, rules)
	for _, c := range []struct {
		claim  string
		value  any
		caller string
	}{
		{"exp", time.Now().Add(-time.Hour).Unix(), "oauth:alice"}, {"exp", "tomorrow", ""}, {"exp", nil, ""},
		{"nbf", time.Now().Add(time.Hour).Unix(), "oauth:alice"}, {"iat", time.Now().Add(time.Hour).Unix(), "oauth:alice"},
		{"aud", "https://other", "oauth:alice"}, {"iss", "https://other", ""}, {"sub", "", ""},
	} {
		_, err := gate.Identify(t.Context(), issuer.Sign(t, "one", issuer.Claims(resource, map[string]any{c.claim: c.value})))
		refusal, ok := errors.AsType[*Refusal](err)
		if !ok || !strings.Contains(refusal.Reason, "claim") || !strings.Contains(refusal.Reason, c.claim) || refusal.Caller != c.caller {
			t.Errorf("%s=%v: %+v", c.claim, c.value, refusal)
		}
	}
	c, err := gate.Identify(t.Context(), issuer.Sign(t, "one", issuer.Claims(resource, map[string]any{"exp": time.Now().Add(time.Minute).Unix()})))
	if left := time.Until(c.Expires); err != nil || left < 80*time.Second || left > 90*time.Second { // with the leeway
		t.Errorf("the caller may call for %v more, %v", left, err)
	}
}

// TestBrokenFileIsRepeated sees to it that a file that stays broken is not forgotten, and does not fill the log either.
func TestBrokenFileIsRepeated(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	path := accesstest.File(t, "access.yaml", "callers: []\n")
	gate, err := Open(Options{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("callers: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = gate.Reload()
	for range 2 {
		for range 3 { // as if seconds had passed
			gate.looked.Store(-int64(time.Hour))
			gate.fresh()
		}
		gate.told = gate.told.Add(-remindEvery)
	}
	if n := strings.Count(log.String(), "still cannot be used"); n != 1 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}

// TestKeysElsewhere has metadata that send the server to its own machine.
func TestKeysElsewhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		issuer, keys string
		ok           bool
	}{
		{"https://i.example", "https://keys.example/k", true}, {"https://i.example", "http://keys.example/k", false},
		{"https://i.example", "http://127.0.0.1:9000/k", false}, {"https://i.example", "https://localhost/k", false},
		{"http://127.0.0.1:1", "http://127.0.0.1:9000/k", true},
	} {
		if err := newKeySet(c.issuer, "", nil).checkKeysURL(c.keys); (err == nil) != c.ok {
			t.Errorf("%s of %s: %v", c.keys, c.issuer, err)
		}
	}
}

// TestKeys has tokens of one subject that fall under different rules.
func TestKeys(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one")
	gate := openWithOAuth(t, issuer.URL, rules)
	key := func(changes map[string]any) string {
		c, err := gate.Identify(t.Context(), issuer.Sign(t, "one", issuer.Claims(resource, changes)))
		if err != nil || c.Name != "oauth:alice" && changes["sub"] == nil {
			t.Fatalf("%+v, %v", c, err)
		}
		return c.Key()
	}
	plain, admin := key(nil), key(map[string]any{"scope": "mcp:tools mcp:admin"})
	bob := key(map[string]any{"sub": "bob"})
	if plain == admin || plain == bob || plain == "" || plain != key(map[string]any{"jti": "another token"}) {
		t.Errorf("the keys are %q, %q and %q", plain, admin, bob)
	}
	a := Caller{Name: "a", Profile: "p"}
	for _, other := range []Caller{{Name: "a"}, {Name: "a", Profile: "q"}, {Name: "ap"}, {Name: "a", Profile: "p", Rule: "r"}} {
		if a.Key() == other.Key() {
			t.Errorf("%+v has the key of %+v", other, a)
		}
	}
	if (Caller{Name: "a", Profile: "p", Policy: Policy{ReadOnly: true}}).Key() != a.Key() {
		t.Error("a policy that changed in the file makes another caller")
	}
	if key := (Caller{}).Key(); key != "" {
		t.Errorf("the key of the local user is %q", key)
	}
}

func TestTokenSignatures(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "one", "two")
	gate := openWithOAuth(t, issuer.URL, rules)
	claims := issuer.Claims(resource, nil)
	good := issuer.Sign(t, "one", claims)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strangerRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(issuer.Key("one"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	parts := strings.Split(good, ".")
	kid := func(more map[jose.HeaderKey]any) map[jose.HeaderKey]any {
		header := map[jose.HeaderKey]any{"kid": "one"}
		for k, v := range more {
			header[k] = v
		}
		return header
	}
	for name, token := range map[string]string{
		"alg none":                   encode([]byte(`{"alg":"none","kid":"one"}`)) + "." + encode(body) + ".",
		"alg none with a signature":  encode([]byte(`{"alg":"none","kid":"one"}`)) + "." + encode(body) + "." + parts[2],
		"HS256 with the public key":  accesstest.Sign(t, jose.HS256, public, kid(nil), body),
		"a stranger's key":           accesstest.Sign(t, jose.ES256, stranger, kid(nil), body),
		"a key in the token":         accesstest.Sign(t, jose.ES256, stranger, kid(map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: stranger.Public()}}), body),
		"a stranger's key set":       accesstest.Sign(t, jose.ES256, stranger, kid(map[jose.HeaderKey]any{"jku": "http://127.0.0.1:1/keys"}), body),
		"another algorithm":          accesstest.Sign(t, jose.RS256, strangerRSA, kid(nil), body),
		"another key's id":           accesstest.Sign(t, jose.ES256, stranger, map[jose.HeaderKey]any{"kid": "two"}, body),
		"an unknown key":             accesstest.Sign(t, jose.ES256, stranger, map[jose.HeaderKey]any{"kid": "three"}, body),
		"no key's id, where two are": issuer.SignText(t, "one", nil, body),
		"a logout token":             issuer.SignText(t, "one", kid(map[jose.HeaderKey]any{"typ": "logout+jwt"}), body),
		"changed claims":             parts[0] + "." + encode([]byte(strings.Replace(string(body), "alice", "admin", 1))) + "." + parts[2],
		"no signature":               parts[0] + "." + parts[1] + ".",
		"another part":               good + ".x",
		"words":                      "a.b.c",
		"claims twice":               issuer.SignText(t, "one", kid(nil), []byte(strings.Replace(string(body), "{", `{"sub":"bob",`, 1))),
		"a critical header unknown":  issuer.SignText(t, "one", kid(map[jose.HeaderKey]any{"crit": []string{"x"}, "x": 1}), body),
	} {
		if c, err := gate.Identify(t.Context(), token); kindOf(err) != Invalid {
			t.Errorf("%s: %+v, %v", name, c, err)
		} else if strings.Contains(err.Error(), parts[1][:20]) {
			t.Errorf("%s: the refusal shows the token: %v", name, err)
		}
	}
	if _, err := gate.Identify(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
	if n := issuer.Fetched.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want once", n)
	}
}

// minutesPass lets time go by for the fetching of keys.
func (s *keySet) minutesPass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried, s.good = s.tried.Add(-d), s.good.Add(-d)
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "old")
	gate := openWithOAuth(t, issuer.URL, rules)
	keys := gate.current.Load().oauth.keys
	identify := func(token string) RefusalKind {
		t.Helper()
		_, err := gate.Identify(t.Context(), token)
		return kindOf(err)
	}
	old := issuer.Sign(t, "old", issuer.Claims(resource, nil))
	if k := identify(old); k != 0 {
		t.Fatalf("the first token is refused: %d", k)
	}
	issuer.Add(t, "new")
	fresh := issuer.Sign(t, "new", issuer.Claims(resource, nil))
	for range 20 {
		if k := identify(fresh); k != Invalid {
			t.Fatalf("a key that was not fetched yet is known, or the kind is %d", k)
		}
	}
	if n := issuer.Fetched.Load(); n != 1 {
		t.Errorf("unknown keys made %d fetches within a minute of the first, want none beside it", n)
	}
	keys.minutesPass(time.Minute)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if k := identify(fresh); k != 0 {
				t.Errorf("the new key is unknown: %d", k)
			}
		})
	}
	all.Wait()
	if n := issuer.Fetched.Load(); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
	issuer.Remove("old")
	keys.minutesPass(freshFor + time.Second)
	if k := identify(old); k != Invalid {
		t.Errorf("a key that the issuer withdrew still counts: %d", k)
	}
	issuer.Down.Store(true)
	keys.minutesPass(freshFor + time.Second)
	if k := identify(fresh); k != 0 {
		t.Errorf("while the issuer is down its known keys do not count: %d", k)
	}
	if k := identify(old); k != Unavailable {
		t.Errorf("an unknown key while the issuer is down: %d", k)
	}
	keys.minutesPass(trustedFor)
	if k := identify(fresh); k != Unavailable {
		t.Errorf("a key of yesterday: %d", k)
	}
	if err := gate.Reload(); err != nil || gate.current.Load().oauth.keys != keys {
		t.Errorf("reading the file again forgot the keys, or failed: %v", err)
	}
}

func TestKeysWithoutID(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "")
	gate := openWithOAuth(t, issuer.URL, rules+"  jwks_url: "+issuer.URL+"/keys\n")
	if _, err := gate.Identify(t.Context(), issuer.Sign(t, "", issuer.Claims(resource, nil))); err != nil {
		t.Errorf("the only key: %v", err)
	}
}

func TestOddIssuers(t *testing.T) {
	t.Parallel()
	good := accesstest.NewIssuer(t, "one")
	token := good.Sign(t, "one", good.Claims(resource, nil))
	for name, handler := range map[string]http.HandlerFunc{
		"redirects":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, good.URL+"/keys", http.StatusFound) },
		"answers too much": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, largestAnswer+1)) },
		"answers no JSON":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"has no keys":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"has a secret alone": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"one"}]}`))
		},
		"has odd keys": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[7,{},{"kty":"EC"}]}`)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			gate := openWithOAuth(t, good.URL, rules+"  jwks_url: "+server.URL+"\n")
			if _, err := gate.Identify(t.Context(), token); kindOf(err) != Unavailable {
				t.Errorf("got %v", err)
			}
		})
	}
	impostor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"issuer":"https://other","jwks_uri":"` + good.URL + `/keys"}`))
	}))
	t.Cleanup(impostor.Close)
	gate := openWithOAuth(t, impostor.URL, rules)
	if _, err := gate.Identify(t.Context(), token); kindOf(err) != Unavailable {
		t.Errorf("metadata of another issuer: %v", err)
	}
}

func TestMetadataPlaces(t *testing.T) {
	t.Parallel()
	got := strings.Join(metadataURLs("https://a/tenant"), " ")
	want := "https://a/.well-known/oauth-authorization-server/tenant https://a/.well-known/openid-configuration/tenant https://a/tenant/.well-known/openid-configuration"
	if got != want {
		t.Errorf("got %s", got)
	}
}
