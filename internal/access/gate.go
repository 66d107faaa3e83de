package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	lookEvery   = time.Second
	remindEvery = time.Minute
)

// Options are what [Open] needs.
type Options struct {
	// Path is the access file. docs/http.md describes it.
	Path string
	// Logger tells of files that change; none when nil.
	Logger *slog.Logger
}

// Gate knows the callers of an access file. It looks at most once a second, and only when it is used, whether the file or
// one that it names has changed, and reads it again; while the new one is broken, the old one counts.
type Gate struct {
	path   string
	logger *slog.Logger
	salt   []byte
	opened time.Time
	looked atomic.Int64 // when the files were looked at last, in nanoseconds after opened

	reading sync.Mutex
	current atomic.Pointer[book]
	broken  []watched // the files as they were when they could not be read; under reading
	told    time.Time // when the log was told last that they cannot be; under reading
	problem atomic.Pointer[error]
	changed atomic.Pointer[func()]
}

// Open reads an access file. Nothing is asked of an OAuth issuer before the first token comes.
func Open(o Options) (*Gate, error) {
	g := &Gate{path: o.Path, logger: o.Logger, salt: make([]byte, 32), opened: time.Now()}
	if g.logger == nil {
		g.logger = slog.New(slog.DiscardHandler)
	}
	_, _ = rand.Read(g.salt) // never fails
	if err := g.Reload(); err != nil {
		return nil, err
	}
	return g, nil
}

// Reload reads the file now, as after a SIGHUP. When that fails, what was read before still counts.
func (g *Gate) Reload() error {
	g.reading.Lock()
	defer g.reading.Unlock()
	return g.read()
}

// read is called with reading locked.
func (g *Gate) read() error {
	g.looked.Store(int64(time.Since(g.opened)))
	old := g.current.Load()
	next, oauth, err := readBook(g.path)
	if err == nil && oauth != nil {
		var keys *keySet
		if old != nil && old.oauth != nil {
			keys = old.oauth.keys
		}
		if next.oauth, err = newVerifier(*oauth, next, keys, newClient()); err != nil {
			err = fmt.Errorf("%s: oauth: %w", g.path, err)
		}
	}
	if err != nil {
		g.broken, g.told = next.watched, time.Now()
		g.problem.Store(&err)
		return err
	}
	g.broken = nil
	g.problem.Store(nil)
	g.current.Store(next)
	if changed := g.changed.Load(); changed != nil {
		(*changed)()
	}
	return nil
}

// OnChange has a function called after each time that the files were read again. It must return at once.
func (g *Gate) OnChange(do func()) { g.changed.Store(&do) }

// fresh returns what the file says, read again when it changed.
func (g *Gate) fresh() *book {
	if time.Since(g.opened)-time.Duration(g.looked.Load()) < lookEvery || !g.reading.TryLock() {
		return g.current.Load()
	}
	defer g.reading.Unlock()
	g.looked.Store(int64(time.Since(g.opened)))
	files := g.broken
	if files == nil {
		files = g.current.Load().watched
	}
	if !slices.ContainsFunc(files, watched.changed) {
		g.remind()
		return g.current.Load()
	}
	if err := g.read(); err != nil {
		g.logger.Error("the access file was changed and cannot be used; what it said before still counts", "error", err)
	} else {
		g.logger.Info("the access file was read again", "callers", len(g.current.Load().entries))
	}
	return g.current.Load()
}

// remind is called with reading locked.
func (g *Gate) remind() {
	problem := g.problem.Load()
	if problem == nil || time.Since(g.told) < remindEvery {
		return
	}
	g.told = time.Now()
	g.logger.Warn("the access file still cannot be used; what it said before counts", "error", *problem)
}

// Identify returns whose token it is. The error is a [*Refusal].
func (g *Gate) Identify(ctx context.Context, token string) (Caller, error) {
	b := g.fresh()
	if e, ok := lookUp(b.entries, token); ok {
		if end := e.caller.Expires; !end.IsZero() && !time.Now().Before(end) {
			return Caller{}, &Refusal{
				Kind: Expired, Caller: e.caller.Name, Reason: "the token has expired; ask whoever keeps the server's access file for a new one",
			}
		}
		return e.caller, nil
	}
	if b.oauth != nil && strings.Count(token, ".") == 2 {
		return b.oauth.caller(ctx, token, time.Now())
	}
	return Caller{}, refuse(Invalid, "the token is not known")
}

// Guards reports whether anybody could be let in by a token: the file has callers, or oauth.
func (g *Gate) Guards() bool {
	b := g.fresh()
	return len(b.entries) > 0 || b.oauth != nil
}

// Resource is what clients must know to ask for a token: the metadata of a protected resource (RFC 9728).
type Resource struct {
	Resource string   `json:"resource"`
	Issuers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported,omitempty"`
	Methods  []string `json:"bearer_methods_supported"`
}

// Resource returns the metadata for OAuth clients; false when the file has no oauth.
func (g *Gate) Resource() (Resource, bool) {
	o := g.fresh().oauth
	if o == nil {
		return Resource{}, false
	}
	return Resource{Resource: o.resource, Issuers: []string{o.issuer}, Scopes: o.scopes, Methods: []string{"header"}}, true
}

// Profile returns a profile of the file, and a fingerprint that differs when its values do: plugins that were started with
// other values must not serve it.
func (g *Gate) Profile(name string) (p Profile, fingerprint string, ok bool) {
	p, ok = g.fresh().profiles[name]
	return p, p.fingerprint(g.salt), ok
}
