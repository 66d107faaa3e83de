package emulator

import (
	"crypto/hmac"
	"strings"
	"sync"
	"time"
)

const (
	maxSkew     = 15 * time.Minute
	maxStrikes  = 5 // consecutive wrong signatures that a key survives
	lockedFor   = 5 * time.Minute
	badSign     = "verify aksk signature fail"
	noSecretKey = "Get secretKey failed"
)

// guard authenticates requests by signature or token.
type guard struct {
	mu      sync.Mutex
	keys    map[string]*accessKey
	tokens  map[string]token
	project string // that keys belong to
}

// accessKey is a permanent key, or a temporary one when it has a security token.
type accessKey struct {
	secret, securityToken string
	strikes               int
	lockedUntil           time.Time
}

// token is an IAM token; project is empty when its scope is the domain.
type token struct {
	project string
	expires time.Time
}

func newGuard(c Credentials, expires time.Time) *guard {
	return &guard{
		project: c.ProjectID,
		keys: map[string]*accessKey{
			c.AK:          {secret: c.SK},
			c.OtherAK:     {secret: c.OtherSK},
			c.TemporaryAK: {secret: c.TemporarySK, securityToken: c.SecurityToken},
		},
		tokens: map[string]token{c.Token: {project: c.ProjectID, expires: expires}},
	}
}

// issue adds a token and forgets those that have expired long ago, so that the map stays small.
func (g *guard) issue(value string, t token, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, known := range g.tokens {
		if now.Sub(known.expires) > 24*time.Hour {
			delete(g.tokens, old)
		}
	}
	g.tokens[value] = t
}

// check returns the project that the caller's key or token belongs to, or the gateway's refusal.
func (g *guard) check(c *call) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if header := c.Header.Get("Authorization"); header != "" {
		return g.checkSignature(c, header)
	}
	value := c.Header.Get("X-Auth-Token")
	if value == "" {
		return "", unauthorized("x-auth-token not found")
	}
	t, ok := g.tokens[value]
	if !ok {
		return "", unauthorized("decrypt token fail")
	}
	if !c.now.Before(t.expires) {
		return "", unauthorized("token expires, expires_at: " + t.expires.UTC().Format(keystoneTime))
	}
	return t.project, nil
}

func (g *guard) checkSignature(c *call, header string) (string, error) {
	auth, err := parseAuthorization(header)
	if err != nil {
		return "", unauthorized(badSign)
	}
	key, ok := g.keys[auth.access]
	if !ok {
		return "", unauthorized(noSecretKey)
	}
	if c.now.Before(key.lockedUntil) {
		return "", unauthorized("AK access failed to reach the limit, forbidden")
	}
	if cause := checkDate(c, auth); cause != "" {
		return "", unauthorized(cause)
	}
	if cause := key.checkSecurityToken(c, auth); cause != "" {
		return "", unauthorized(cause)
	}
	want, err := auth.sign(key.secret, c.Request, c.body)
	if err != nil || !hmac.Equal([]byte(want), []byte(strings.ToLower(auth.signature))) {
		key.strike(c.now)
		return "", unauthorized(badSign)
	}
	key.strikes = 0
	return g.project, nil
}

// checkDate returns why the date is refused, empty when it is not.
func checkDate(c *call, auth authorization) string {
	date, err := time.Parse(dateFormat, c.Header.Get(headerDate))
	if err != nil || !auth.covers(headerDate) {
		return badSign
	}
	if c.now.Sub(date).Abs() > maxSkew {
		return "calc ak sk signature fail:signature expired"
	}
	return ""
}

// checkSecurityToken returns why a temporary key is refused. A permanent key may carry no token at all.
func (k *accessKey) checkSecurityToken(c *call, auth authorization) string {
	got := c.Header.Get("X-Security-Token")
	switch {
	case got == "" && k.securityToken == "":
		return ""
	case got == "":
		return noSecretKey // the permanent keys hold none of that name
	case got != k.securityToken:
		return "decrypt token fail"
	case !auth.covers("X-Security-Token"):
		return badSign
	default:
		return ""
	}
}

// strike counts a wrong signature and locks the key after too many.
func (k *accessKey) strike(now time.Time) {
	k.strikes++
	if k.strikes > maxStrikes {
		k.strikes, k.lockedUntil = 0, now.Add(lockedFor)
	}
}
