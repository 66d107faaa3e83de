package artifact

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"mcp-server/sdk"
)

// shortestID is how much of an id names a file at least.
const shortestID = 6

// Resolve returns the one file that is meant by a URI, by the first six or more characters of an id with or without
// artifact:// before and a name behind, by a file's path in the store, or by its exact name. Listing is what an error calls
// the place that shows what exists. The error is an [*sdk.Error].
func (s *Store) Resolve(text, listing string) (Record, error) { return s.ResolveFor("", text, listing) }

// ResolveFor is Resolve among what a caller may see.
func (s *Store) ResolveFor(caller, text, listing string) (Record, error) {
	text = strings.TrimSpace(text)
	if r, err := s.FindFor(caller, NormalURI(text)); err == nil || sdk.AsError(err).Code == sdk.CodeDataLoss {
		return r, err
	}
	all, err := s.ListFor(caller)
	if err != nil {
		return Record{}, &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: err, Message: err.Error()}
	}
	return choose(all, text, listing)
}

func choose(all []Record, text, listing string) (Record, error) {
	var found []Record
	for _, r := range all {
		if r.isMeantBy(text) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Record{}, &sdk.Error{
			Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
			Message: fmt.Sprintf("there is no artifact %q in the store: name it by artifact://<id>/<file name>, by the first %d or more characters of the id, "+
				"by its path or by its exact file name; %s shows those that exist", clip(text), shortestID, listing),
		}
	}
	return Record{}, sdk.InvalidArgument("uri", "%q may be any of %d artifacts; give the whole URI: %s", clip(text), len(found), candidates(found))
}

// isMeantBy compares a text with all that a file can be called by.
func (r Record) isMeantBy(text string) bool {
	if text == r.Name || filepath.IsAbs(text) && filepath.Clean(text) == r.Path {
		return true
	}
	id, name, _ := strings.Cut(strings.TrimPrefix(text, "artifact://"), "/")
	if len(id) < shortestID || len(id) > 32 || !strings.HasPrefix(r.SHA256, strings.ToLower(id)) {
		return false
	}
	unescaped, err := url.PathUnescape(name)
	return name == "" || name == r.Name || err == nil && unescaped == r.Name
}

func candidates(found []Record) string {
	const most = 5
	texts := make([]string, 0, most+1)
	for n, r := range found {
		if n == most {
			texts = append(texts, "…")
			break
		}
		texts = append(texts, fmt.Sprintf("%s (stored at %s)", r.URI, r.StoredAt.Format(time.RFC3339)))
	}
	return strings.Join(texts, ", ")
}

// NormalURI writes the URI of an artifact as the store does: a name may come with or without its letters escaped. Any other
// text stays as it is.
func NormalURI(uri string) string {
	rest, found := strings.CutPrefix(uri, "artifact://")
	id, name, slash := strings.Cut(rest, "/")
	if !found || !slash {
		return uri
	}
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	return uriOf(strings.ToLower(id), name)
}
