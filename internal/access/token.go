package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

const (
	tokenPrefix = "mcps_" // by which scanners for leaked secrets can tell it
	tokenBytes  = 32
	shortest    = 20 // characters of a token that somebody else made
	longest     = 16 << 10
)

// NewToken returns a random token of 256 bits.
func NewToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends instead
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash returns the SHA-256 of a token in hex, as token_sha256 in an access file holds it. White space around the token is
// not part of it.
func Hash(token string) (string, error) {
	sum, err := hashToken(strings.TrimSpace(token))
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum[:]), nil
}

// hashToken refuses what no client could send or anybody could guess. Its errors never hold the token.
func hashToken(token string) ([sha256.Size]byte, error) {
	switch {
	case len(token) < shortest:
		return [sha256.Size]byte{}, fmt.Errorf("the token is shorter than %d characters; mcp-server token new makes one that nobody guesses", shortest)
	case !IsToken(token):
		return [sha256.Size]byte{}, fmt.Errorf("the token holds a character that no Authorization header carries; use letters, digits and -._~+/=")
	}
	return sha256.Sum256([]byte(token)), nil
}

// IsToken reports whether the text has the form of a bearer token (RFC 6750, section 2.1: token68) and a length that fits
// a header.
func IsToken(text string) bool {
	body := strings.TrimRight(text, "=")
	return body != "" && len(text) <= longest && !strings.ContainsFunc(body, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
	})
}

// written is how NewToken's tokens look in a text.
var written = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(tokenPrefix + `[A-Za-z0-9_-]{20,}`) })

// HideTokens removes tokens from a text that NewToken has made, whoever put them there.
func HideTokens(text string) string {
	if !strings.Contains(text, tokenPrefix) {
		return text
	}
	return written().ReplaceAllString(text, "[redacted]")
}

// entry is a caller with a token of the file.
type entry struct {
	sum    [sha256.Size]byte
	caller Caller
}

// lookUp compares every entry in constant time, so that the time tells nothing of which one was near.
// A token that is too short to be one is not looked up: its hash may have come into the file from an example.
func lookUp(entries []entry, token string) (found entry, ok bool) {
	if len(token) < shortest {
		return entry{}, false
	}
	sum, at := sha256.Sum256([]byte(token)), -1
	for i := range entries {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(entries[i].sum[:], sum[:]), i, at)
	}
	if at < 0 {
		return entry{}, false
	}
	return entries[at], true
}
