package supervisor

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"mcp-server/internal/supervisor/visible"
)

const (
	// minSecret is the shortest value that is removed: shorter ones would tear words apart.
	minSecret = 6
	redacted  = "[redacted]"
)

var (
	urlQuery = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*:(?:\\?/){2}[^\s"<>?#]*)\?[^\s"<>]*`)
	})
	urlUserInfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*:(?:\\?/){2})[^\s"<>/?#@]*@`) })
)

// redactor removes a plugin's secrets, the queries of URLs and the user information in them from texts.
type redactor struct {
	mu       sync.RWMutex
	given    map[string]bool
	known    []string
	replacer *strings.Replacer
}

// add makes the redactor remove the values, their lines, and how JSON, URLs and base64 write them.
func (r *redactor) add(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.IndexFunc(values, func(v string) bool { return !r.given[v] }) < 0 {
		return // as at every start but the first
	}
	if r.given == nil {
		r.given = map[string]bool{}
	}
	for _, v := range values {
		r.given[v] = true
		for _, part := range append(strings.Split(v, "\n"), v) {
			part = strings.TrimSpace(part)
			if len(part) >= minSecret {
				r.known = append(r.known, spellings(part)...)
			}
		}
	}
	// The longest first, because the replacer takes the first that fits.
	slices.SortFunc(r.known, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	r.known = slices.Compact(r.known)
	pairs := make([]string, 0, 2*len(r.known))
	for _, v := range r.known {
		pairs = append(pairs, v, redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
}

func spellings(secret string) []string {
	all := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	if quoted, err := json.Marshal(secret); err == nil {
		all = append(all, strings.Trim(string(quoted), `"`))
	}
	var plain strings.Builder
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(secret) == nil {
		all = append(all, strings.Trim(strings.TrimSpace(plain.String()), `"`))
	}
	return all
}

// text returns s without secrets. Cut says that s is the beginning of something longer, so that a secret may have been
// cut in two.
func (r *redactor) text(s string, cut bool) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.replacer != nil {
		s = r.replacer.Replace(s)
		if cut {
			s = r.withoutBegunSecret(s)
		}
	}
	if !strings.Contains(s, ":/") && !strings.Contains(s, `:\/`) {
		return s
	}
	s = urlQuery().ReplaceAllString(s, "$1?"+redacted)
	return urlUserInfo().ReplaceAllString(s, "${1}"+redacted+"@")
}

// values returns s without the secrets themselves; the queries of URLs stay.
func (r *redactor) values(s string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.replacer == nil {
		return s
	}
	return r.replacer.Replace(s)
}

func (r *redactor) withoutBegunSecret(s string) string {
	for i := range s {
		for _, v := range r.known {
			if len(s)-i < minSecret {
				return s
			}
			if strings.HasPrefix(v, s[i:]) {
				return s[:i] + redacted
			}
		}
	}
	return s
}

// line returns s as it may stand in a log or an error: without secrets, printable, on one line, of about limit bytes.
func (r *redactor) line(s string, cut bool, limit int) string {
	return visible.Line(r.bounded(s, cut, limit), limit)
}

// lines is line for a text that keeps its newlines.
func (r *redactor) lines(s string, limit int) string {
	return visible.Lines(r.bounded(s, false, limit), limit)
}

// bounded does not search what is never shown: that takes long.
func (r *redactor) bounded(s string, cut bool, limit int) string {
	if len(s) > 2*limit {
		s, cut = s[:2*limit], true
	}
	return r.text(s, cut)
}
