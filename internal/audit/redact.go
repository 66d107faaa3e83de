package audit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// secretWords make a property's name that of a secret, alone or as one word of several.
var secretWords = []string{
	"password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "key", "ak", "sk", "aksk", "credential", "authorization",
	"auth", "signature", "sig", "cookie", "jwt", "bearer", "otp",
}

// secretEnds do so at the end of a name that is written without borders, as accesstoken.
var secretEnds = []string{
	"password", "passwd", "passphrase", "secret", "token", "credential", "authorization", "signature",
	"apikey", "accesskey", "secretkey", "privatekey",
}

// secretName reports whether a property's name looks like that of a secret.
func secretName(name string) bool {
	all := words(name)
	for _, w := range all {
		if slices.Contains(secretWords, strings.TrimSuffix(w, "s")) {
			return true
		}
	}
	joined := strings.TrimSuffix(strings.Join(all, ""), "s")
	return slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(joined, end) })
}

func lastWord(name string) string {
	all := words(name)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// words splits a name in snake, kebab or camel case into its words, in lower case.
func words(name string) []string {
	var all []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			all = append(all, strings.ToLower(string(word)))
			word = nil
		}
	}
	letters := []rune(name)
	for n, r := range letters {
		if !unicode.IsLetter(r) {
			end()
			continue
		}
		begins := unicode.IsUpper(r) && n > 0 && (unicode.IsLower(letters[n-1]) || n+1 < len(letters) && unicode.IsLower(letters[n+1]))
		if begins {
			end()
		}
		word = append(word, r)
	}
	end()
	return all
}

const (
	// assigned is a secret's name within a text, and assignedValue what follows its sign.
	assigned = `(?:password|passwd|pwd|passphrase|secret|token|credentials?|signature|api[_-]?key|access[_-]?key|private[_-]?key` +
		`|secret[_-]?key|\bak|\bsk|_ak|_sk)[a-z0-9_-]*`
	assignedValue = `(?:\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s,;&"'}]+)`
)

// pattern is a secret by where it stands in a text. A text without what the pattern needs is not searched for it: that takes
// long.
type pattern struct {
	needs   string
	find    *regexp.Regexp
	replace string
}

// patterns are compiled when the first text is looked at.
var patterns = sync.OnceValue(func() []pattern {
	return []pattern{
		{"-----BEGIN", regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`), redacted},
		{"@", regexp.MustCompile(`(?i)((?:[a-z][a-z0-9+.-]*:)?(?:\\?/){2})[^\s"<>/?#]*@`), "${1}" + redacted + "@"},
		{"/", regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*:(?:\\?/){2}[^\s"<>?#]*)[?#][^\s"<>]*`), "$1?" + redacted},
		{"?", regexp.MustCompile(`\?[A-Za-z0-9_.~%\[\]-]+=[^\s"<>]*`), "?" + redacted},
		{"", regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*token)(\\?["']?\s*[:=]\s*)[^\r\n]*`), "$1$2" + redacted},
		{" ", regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]+`), "$1 " + redacted},
		{"", regexp.MustCompile(`(?i)(` + assigned + `\\?["']?\s*[:=]\s*)` + assignedValue), "$1" + redacted},
	}
})

// cleaner removes secrets from texts.
type cleaner struct {
	redact func(string) string
	// left is how many bytes may still be searched; see maxSearched.
	left int
}

// text returns s without the secrets that are known by value, and then without those that are known by where they stand.
func (c *cleaner) text(s string) string {
	if c.redact != nil {
		s = c.redact(s)
	}
	if !strings.ContainsAny(s, ":=/? ") && len(s) <= maxText {
		return s // the patterns all have one of these
	}
	whole := len(s)
	if whole > maxText { // the last word may be the beginning of a secret, so it goes
		s = s[:max(0, strings.LastIndexAny(s[:maxText], " \n"))] + cutMark
	}
	if c.left -= len(s); c.left < 0 {
		return fmt.Sprintf("[%d bytes]", whole)
	}
	for _, p := range patterns() {
		if strings.Contains(s, p.needs) {
			s = p.find.ReplaceAllString(s, p.replace)
		}
	}
	return s
}
