package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// book is what an access file said when it was read.
type book struct {
	entries  []entry
	profiles map[string]Profile
	oauth    *verifier // nil without
	watched  []watched
}

// watched is a file as it was when it was read.
type watched struct {
	path string
	info os.FileInfo // nil when there was none
}

func watch(path string) watched {
	info, err := os.Stat(path)
	if err != nil {
		return watched{path: path}
	}
	return watched{path, info}
}

func (w watched) changed() bool {
	now := watch(w.path)
	if w.info == nil || now.info == nil {
		return (w.info == nil) != (now.info == nil)
	}
	return !os.SameFile(w.info, now.info) || !w.info.ModTime().Equal(now.info.ModTime()) || w.info.Size() != now.info.Size() ||
		w.info.Mode() != now.info.Mode()
}

// readBook reads an access file and the files that it names. Also when that fails, it says which files it looked at.
func readBook(path string) (*book, *fileOAuth, error) {
	b := &book{profiles: map[string]Profile{}, watched: []watched{watch(path)}}
	text, err := readOwned(path)
	if err != nil {
		return b, nil, fmt.Errorf("reading the access file: %w", err)
	}
	f, err := parseFile(text)
	if err != nil {
		return b, nil, fmt.Errorf("%s:%w", path, err)
	}
	open := func(name string) ([]byte, error) { // names are relative to the access file
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		b.watched = append(b.watched, watch(name))
		return readPrivate(name)
	}
	if err := b.fill(f, open); err != nil {
		return b, nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, f.OAuth, nil
}

func (b *book) fill(f file, open func(string) ([]byte, error)) error {
	for _, name := range slices.Sorted(maps.Keys(f.Profiles)) {
		if err := CheckProfile(name); err != nil {
			return fmt.Errorf("profile %q: %w", name, err)
		}
		p, err := newProfile(name, f.Profiles[name], open)
		if err != nil {
			return fmt.Errorf("profile %q: %w", name, err)
		}
		b.profiles[name] = p
	}
	for i, c := range f.Callers {
		e, err := b.newEntry(c, open)
		if err != nil {
			return fmt.Errorf("caller %d (%q): %w", i+1, c.Name, err)
		}
		b.entries = append(b.entries, e)
	}
	return nil
}

func (b *book) newEntry(c fileCaller, open func(string) ([]byte, error)) (entry, error) {
	var e entry
	err := CheckName(c.Name)
	if err != nil {
		return entry{}, err
	}
	if e.sum, err = c.tokenSum(open); err != nil {
		return entry{}, err
	}
	var expires time.Time
	if c.Expires != "" {
		if expires, err = time.Parse(time.RFC3339, c.Expires); err != nil {
			return entry{}, errors.New("expires is no time of RFC 3339; write it as 2027-01-31T00:00:00Z")
		}
	}
	for _, other := range b.entries {
		switch {
		case strings.EqualFold(other.caller.Name, c.Name): // folders may not tell their cases apart
			return entry{}, errors.New("another caller has this name; each needs its own, by which its files are kept apart")
		case other.sum == e.sum:
			return entry{}, fmt.Errorf("%q has the same token; make one for each with mcp-server token new", other.caller.Name)
		}
	}
	e.caller, err = b.newCaller(c.Name, c.Rights)
	e.caller.Expires = expires
	return e, err
}

// tokenSum reads one of the two ways to give a token.
func (c fileCaller) tokenSum(open func(string) ([]byte, error)) (sum [sha256.Size]byte, err error) {
	switch {
	case (c.TokenSHA256 == "") == (c.TokenFile == ""):
		return sum, errors.New("give either token_sha256 or token_file; mcp-server token new prints the lines")
	case c.TokenFile != "":
		text, err := open(c.TokenFile)
		if err != nil {
			return sum, fmt.Errorf("reading token_file: %w", err)
		}
		return hashToken(strings.TrimSpace(string(text)))
	}
	n, err := hex.Decode(sum[:], []byte(c.TokenSHA256[:min(len(c.TokenSHA256), hex.EncodedLen(len(sum)))]))
	if err != nil || n != len(sum) || len(c.TokenSHA256) != hex.EncodedLen(len(sum)) {
		return sum, errors.New("token_sha256 is not 64 hexadecimal digits within quotes; mcp-server token hash prints them")
	}
	return sum, nil
}

// newCaller checks what the file grants.
func (b *book) newCaller(name string, r rights) (Caller, error) {
	if _, known := b.profiles[r.Profile]; !known && r.Profile != "" {
		return Caller{}, fmt.Errorf("there is no profile %q; define it below profiles", r.Profile)
	}
	allow, err := ParseRules(r.Allow)
	if err != nil {
		return Caller{}, err
	}
	deny, err := ParseRules(r.Deny)
	if err != nil {
		return Caller{}, err
	}
	var limits Limits
	for _, n := range []struct{ given, limit *int }{{r.Rate, &limits.PerMinute}, {r.Concurrency, &limits.Concurrent}} {
		if n.given == nil {
			continue
		}
		if *n.limit = *n.given; *n.limit < 1 {
			return Caller{}, errors.New("rate and concurrency are whole numbers from 1, or left out for the server's own; " +
				"take the caller out to let nothing through")
		}
	}
	return Caller{
		Name: name, Profile: r.Profile, Limits: limits, Metrics: r.Metrics,
		Policy: Policy{ReadOnly: r.ReadOnly, Allow: allow, Deny: deny, Of: fmt.Sprintf("the caller %q", name)},
	}, nil
}

// CheckName says what is wrong with the name of a caller. It keeps names apart from those of OAuth, which hold a colon, and
// fit for logs and folders.
func CheckName(name string) error {
	ok := name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._@-", r)
	}) && name[0] != '.' && name[0] != '-'
	if !ok {
		return errors.New("a name has 1 to 64 letters, digits or ._@- and begins with no dot or dash")
	}
	return nil
}

// profileName is what can be a folder's name on every system.
var profileName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}$`) })

// CheckProfile says what is wrong with the name of a profile, which also names a folder.
func CheckProfile(name string) error {
	if !profileName().MatchString(name) {
		return errors.New("a profile's name has 1 to 60 small letters, digits, _ or -, and begins with a letter or a digit")
	}
	return nil
}
