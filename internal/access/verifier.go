package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	defaultLeeway = 30 * time.Second
	longestLeeway = 5 * time.Minute
	oauthPrefix   = "oauth:" // keeps the names of OAuth callers apart from those of the file
	longestName   = 200
)

// verifier checks JSON Web Tokens of one issuer (RFC 7519, RFC 9068) and maps their claims to callers.
type verifier struct {
	resource   string // our own URL
	issuer     string
	audience   string
	algorithms []jose.SignatureAlgorithm
	scopes     []string // all are needed
	nameClaim  string
	leeway     time.Duration
	rules      []claimRule
	keys       *keySet
}

// claimRule gives what a caller may to tokens whose claims match all of when; without any it matches all.
type claimRule struct {
	when   map[string]string
	caller Caller // its name is the token's
}

// publicAlgorithms are those with which the issuer alone can sign: never "none", never a shared secret.
func publicAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
}

// newVerifier checks the oauth part of a file. It does not speak to the issuer.
func newVerifier(f fileOAuth, b *book, old *keySet, client *http.Client) (*verifier, error) {
	v := &verifier{
		resource: f.Resource, issuer: f.Issuer, audience: f.Audience, scopes: f.RequiredScopes, nameClaim: f.NameClaim, leeway: defaultLeeway,
	}
	if v.audience == "" {
		v.audience = f.Resource
	}
	if v.nameClaim == "" {
		v.nameClaim = "sub"
	}
	if err := v.checkURLs(f); err != nil {
		return nil, err
	}
	if f.Leeway != "" {
		d, err := time.ParseDuration(f.Leeway)
		if err != nil || d < 0 || d > longestLeeway {
			return nil, fmt.Errorf("leeway is no duration from 0s to %v; write it as 30s", longestLeeway)
		}
		v.leeway = d
	}
	if err := v.setAlgorithms(f.Algorithms); err != nil {
		return nil, err
	}
	for _, s := range f.RequiredScopes {
		if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			return nil, fmt.Errorf("the scope %q of required_scopes holds a character that no scope has (RFC 6749, section 3.3)", s)
		}
	}
	if err := v.setRules(f.Rules, b); err != nil {
		return nil, err
	}
	v.keys = newKeySet(f.Issuer, f.JWKSURL, client)
	if old != nil && old.issuer == v.keys.issuer && old.given == v.keys.given {
		v.keys = old // what is fetched stays
	}
	return v, nil
}

func (v *verifier) checkURLs(f fileOAuth) error {
	for _, u := range []struct{ key, value string }{{"resource", f.Resource}, {"issuer", f.Issuer}, {"jwks_url", f.JWKSURL}} {
		if u.value == "" && u.key == "jwks_url" {
			continue
		}
		if err := checkURL(u.value); err != nil {
			return fmt.Errorf("%s: %w", u.key, err)
		}
	}
	return nil
}

// checkURL wants https, except on the machine itself.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("it is no URL; write it with https:// and a host, without user or fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !LoopbackHost(u.Hostname())) {
		return errors.New("it must begin with https://; http:// is for localhost alone")
	}
	return nil
}

func (v *verifier) setAlgorithms(names []string) error {
	if len(names) == 0 {
		names = []string{"RS256", "ES256", "PS256", "EdDSA"}
	}
	for _, name := range names {
		a := jose.SignatureAlgorithm(name)
		if !slices.Contains(publicAlgorithms(), a) {
			return fmt.Errorf("the algorithm %q is not accepted; use some of %v", name, publicAlgorithms())
		}
		v.algorithms = append(v.algorithms, a)
	}
	return nil
}

func (v *verifier) setRules(rules []fileRule, b *book) error {
	for i, r := range rules {
		if r.Default != (len(r.When) == 0) {
			return fmt.Errorf("rule %d of oauth needs either when, with claims, or default: true", i+1)
		}
		c, err := b.newCaller("", r.Rights)
		if err != nil {
			return fmt.Errorf("rule %d of oauth: %w", i+1, err)
		}
		c.Rule = whenText(r.When)
		v.rules = append(v.rules, claimRule{r.When, c})
		if r.Default && i+1 < len(rules) {
			return fmt.Errorf("rule %d of oauth is the default, so no rule after it counts; make it the last", i+1)
		}
	}
	return nil
}

// whenText writes the claims of a rule in one way, so that it stays the same rule when the file is written anew.
func whenText(when map[string]string) string {
	if len(when) == 0 {
		return "default"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(when)) {
		parts = append(parts, strconv.Quote(name)+"="+strconv.Quote(when[name]))
	}
	return strings.Join(parts, " ")
}

// caller verifies a token and returns who sent it.
func (v *verifier) caller(ctx context.Context, text string, now time.Time) (Caller, error) {
	token, err := jwt.ParseSigned(text, v.algorithms)
	if err != nil || len(token.Headers) != 1 {
		return Caller{}, refuse(Invalid, "the token is no JSON Web Token that is signed in an accepted way")
	}
	header := token.Headers[0]
	if !accessTokenType(header) {
		return Caller{}, refuse(Invalid, "the token is of a type that is no access token")
	}
	candidates, err := v.keys.find(ctx, header.KeyID, header.Algorithm)
	if err != nil {
		return Caller{}, err
	}
	for _, key := range candidates {
		var standard jwt.Claims
		claims := map[string]any{}
		err := token.Claims(key, &claims, &standard)
		switch {
		case err == nil:
			return v.admit(standard, claims, now)
		case len(claims) > 0: // read after the signature was found good
			return Caller{}, refuse(Invalid, "one of the token's claims exp, nbf, iat, iss, sub and aud is of a wrong type")
		}
	}
	return Caller{}, refuse(Invalid, "the token is not signed by a key of the issuer")
}

// accessTokenType tells access tokens from what else an issuer signs with the same keys, such as logout tokens.
func accessTokenType(h jose.Header) bool {
	raw, given := h.ExtraHeaders[jose.HeaderType]
	if !given {
		return true
	}
	name, _ := raw.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "jwt", "at+jwt":
		return true
	}
	return false
}

// admit checks the claims of a token whose signature is good.
func (v *verifier) admit(standard jwt.Claims, claims map[string]any, now time.Time) (Caller, error) {
	if standard.Expiry == nil {
		return Caller{}, refuse(Invalid, "the token never expires; only tokens with the claim exp are accepted")
	}
	name, named := v.nameOf(claims)
	sure := func(r *Refusal) error {
		if named {
			r.Caller = oauthPrefix + name
		}
		return r
	}
	err := standard.ValidateWithLeeway(jwt.Expected{Issuer: v.issuer, AnyAudience: jwt.Audience{v.audience}, Time: now}, v.leeway)
	switch {
	case err == nil:
	case errors.Is(err, jwt.ErrExpired):
		return Caller{}, sure(refuse(Expired, "the token has expired (its claim exp)"))
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return Caller{}, refuse(Invalid, "the token is of another issuer (its claim iss)")
	case errors.Is(err, jwt.ErrInvalidAudience):
		return Caller{}, sure(refuse(Invalid, "the token is for another audience than this server (its claim aud)"))
	case errors.Is(err, jwt.ErrIssuedInTheFuture):
		return Caller{}, sure(refuse(Invalid, "the token is issued in the future (its claim iat)"))
	default:
		return Caller{}, sure(refuse(Invalid, "the token is not valid yet (its claim nbf)"))
	}
	for _, scope := range v.scopes {
		if !holds(claims, "scope", scope) && !holds(claims, "scp", scope) {
			return Caller{}, sure(refuse(TooFewScopes, "the token lacks the scope "+scope))
		}
	}
	if !named {
		return Caller{}, refuse(Invalid, "the token's claim "+v.nameClaim+" is no name")
	}
	c, err := v.mapped(name, claims)
	c.Expires = standard.Expiry.Time().Add(v.leeway)
	return c, err
}

// nameOf returns who the token's owner is. What could pass for another name in a log or a list is none.
func (v *verifier) nameOf(claims map[string]any) (name string, ok bool) {
	name, _ = claim(claims, v.nameClaim).(string)
	return name, name != "" && len(name) <= longestName && !strings.ContainsFunc(name, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	})
}

func (v *verifier) mapped(name string, claims map[string]any) (Caller, error) {
	for _, rule := range v.rules {
		if !rule.matches(claims) {
			continue
		}
		c := rule.caller
		c.Name = oauthPrefix + name
		c.Policy.Of = fmt.Sprintf("the caller %q", c.Name)
		return c, nil
	}
	return Caller{}, &Refusal{
		Kind: NoRule, Caller: oauthPrefix + name, Reason: "the token is good, but no rule of this server's access file knows its owner",
	}
}

func (r claimRule) matches(claims map[string]any) bool {
	for name, wanted := range r.when {
		if !holds(claims, name, wanted) {
			return false
		}
	}
	return true
}

// claim returns a claim by its name or, as in realm_access.roles, by the path to it.
func claim(claims map[string]any, name string) any {
	if value, ok := claims[name]; ok {
		return value
	}
	first, rest, ok := strings.Cut(name, ".")
	below, isMap := claims[first].(map[string]any)
	if !ok || !isMap {
		return nil
	}
	return claim(below, rest)
}

// holds reports whether a claim is the value or lists it. The two that hold scopes list them between spaces; in another
// claim a space may be what its owner typed.
func holds(claims map[string]any, name, wanted string) bool {
	switch c := claim(claims, name).(type) {
	case string:
		return c == wanted || (name == "scope" || name == "scp") && slices.Contains(strings.Fields(c), wanted)
	case []any:
		return slices.Contains(c, any(wanted))
	case bool:
		return strconv.FormatBool(c) == wanted
	}
	return false
}
