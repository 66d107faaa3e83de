package huaweicloud

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// urlQuery finds the query of a URL in running text: a pre-signed link's query is a credential.
var urlQuery = regexp.MustCompile(`(https?://[^\s?"'<>]*)\?[^\s"'<>]*`)

// clean makes foreign text fit for one line of a message: valid, without control characters, with single spaces, with
// no URL query, of at most n runes.
func clean(s string, n int) string {
	if len(s) > 16*n {
		s = s[:16*n] // before the costly steps
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		if unicode.Is(unicode.Cf, r) {
			return -1 // bidirectional overrides and other invisible characters
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return clip(urlQuery.ReplaceAllString(s, "$1?…"), n)
}

// Clean makes a text of the cloud fit for a message or a progress report: one line of at most n characters, and no query of a
// link in it.
func Clean(s string, n int) string { return clean(s, n) }

// clip shortens a text to n runes.
func clip(s string, n int) string {
	count := 0
	for i := range s {
		if count++; count > n {
			return s[:i] + "…"
		}
	}
	return s
}

// quote shows a user's value in a message.
func quote(s string) string { return strconv.Quote(clean(s, 60)) }

// redact replaces secrets. Values of a few characters are left alone: they are no secrets, and replacing them would
// spoil the text.
func redact(s string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= 6 {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
	}
	return s
}
