package telemetry

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxSearched bounds how much of a text is looked at.
const maxSearched = 64 << 10

// The patterns are compiled when they are needed: most starts need none.
var (
	query    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[?#][^\s"'<>]*`) })
	userInfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`//[^\s/"'<>?#]*@`) })
	key      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`) })
	label    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_/*$[][A-Za-z0-9_.:/{}*[\]-]{0,99}$`) })
)

// cleaned returns s without what follows a question mark, without user information of URLs, in one printable line of at
// most limit bytes. It would rather lose words than let a signed query through.
func cleaned(s string, limit int) string {
	if len(s) > maxSearched { // the last word may be the beginning of a URL, so it goes
		s = s[:max(0, strings.LastIndexAny(s[:maxSearched], " \n"))]
	}
	s = query().ReplaceAllString(s, "")
	s = userInfo().ReplaceAllString(s, "//")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
