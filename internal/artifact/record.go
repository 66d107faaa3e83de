package artifact

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mcp-server/sdk"
)

// Record is what the store knows of a file: the content of its metadata file.
type Record struct {
	sdk.Artifact
	// StoredAt is when the content was stored last.
	StoredAt time.Time `json:"stored_at"`
	// Claim is the key of the once-only download that the content came from; empty when it can be fetched again.
	Claim string `json:"claim,omitempty"`
}

// OnceOnly says that the content cannot be fetched again.
func (r Record) OnceOnly() bool { return r.Claim != "" }

// newRecord names content in the store.
func (s *Store) newRecord(name, mediaType string, size int64, sum []byte, source sdk.Origin) Record {
	name = CleanName(name)
	id := hex.EncodeToString(sum)[:32]
	return Record{
		Artifact: sdk.Artifact{
			URI: uriOf(id, name), Name: name, MediaType: mediaType, Size: size, SHA256: hex.EncodeToString(sum),
			Path: s.contentPath(id, name), Source: source,
		},
		StoredAt: time.Now().UTC().Truncate(time.Millisecond),
	}
}

// uriOf escapes all but what is never special in a URI, so that any template matches it.
func uriOf(id, name string) string {
	return "artifact://" + id + "/" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

func (s *Store) contentPath(id, name string) string {
	return filepath.Join(s.folder("artifacts"), id, name)
}

func metadataPath(contentPath string) string {
	return filepath.Join(filepath.Dir(contentPath), "."+filepath.Base(contentPath)+".json")
}

// List returns what is stored, the newest first. Files without metadata, and metadata without a file, are not listed; Check
// finds them.
func (s *Store) List() ([]Record, error) {
	if _, err := os.ReadDir(s.folder("artifacts")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	all := slices.DeleteFunc(s.records(), func(r Record) bool {
		info, err := os.Lstat(r.Path)
		return err != nil || !info.Mode().IsRegular()
	})
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(b.StoredAt.Compare(a.StoredAt), strings.Compare(a.URI, b.URI))
	})
	return all, nil
}

// records reads all metadata, also that whose content is missing.
func (s *Store) records() []Record {
	paths := s.glob("artifacts/*/.*.json")
	all := make([]Record, 0, len(paths))
	for _, path := range paths {
		id, name := filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path)[1:], ".json")
		if r, err := s.read(id, name); err == nil {
			all = append(all, r)
		}
	}
	return all
}

// read reads one file's metadata. Where the file is follows from where the metadata is, so that a data folder may be moved.
func (s *Store) read(id, name string) (Record, error) {
	path := s.contentPath(id, name)
	encoded, err := os.ReadFile(metadataPath(path))
	if err != nil {
		return Record{}, err
	}
	var r Record
	if err := json.Unmarshal(encoded, &r); err != nil {
		return Record{}, fmt.Errorf("reading the metadata of %s: %w", name, err)
	}
	if len(r.SHA256) != 64 || r.SHA256[:32] != id || r.Name != name {
		return Record{}, fmt.Errorf("the metadata of %s is another file's", name)
	}
	r.Path, r.URI, r.Preview = path, uriOf(id, name), nil
	return r, nil
}

// Find returns what is stored under a URI. The error is an [*sdk.Error].
func (s *Store) Find(uri string) (Record, error) {
	id, name, err := parseURI(uri)
	if err != nil {
		return Record{}, sdk.InvalidArgument("uri", "%v; artifact_list shows the URIs that exist", err)
	}
	r, err := s.read(id, name)
	if err == nil {
		_, err = os.Lstat(r.Path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, notFound(uri)
	}
	if err != nil {
		return Record{}, &sdk.Error{
			Code: sdk.CodeDataLoss, Source: sdk.SourceHost, Cause: err,
			Message: fmt.Sprintf("the artifact %s cannot be read: %v; `mcp-server artifact fsck` says more", uri, err),
		}
	}
	return r, nil
}

func notFound(uri string) error {
	return &sdk.Error{
		Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
		Message: fmt.Sprintf("there is no artifact %s in the store; artifact_list shows those that exist", uri),
	}
}

func parseURI(uri string) (id, name string, err error) {
	rest, found := strings.CutPrefix(uri, "artifact://")
	id, escaped, slash := strings.Cut(rest, "/")
	if !found || !slash {
		return "", "", fmt.Errorf("is %q, which is not of the form artifact://<id>/<file name>", clip(uri))
	}
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 {
		return "", "", fmt.Errorf("has the id %q, which is not 32 hexadecimal digits", clip(id))
	}
	name, err = url.PathUnescape(escaped)
	if err != nil || name != CleanName(name) {
		return "", "", fmt.Errorf("has the file name %q, which no artifact can have", clip(escaped))
	}
	return strings.ToLower(id), name, nil
}

func clip(text string) string {
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}

// Content opens a stored file for reading, and marks it as used. A link in its place is not followed.
func (s *Store) Content(r Record) (*os.File, error) {
	root, err := os.OpenRoot(filepath.Dir(r.Path))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", r.Name, err)
	}
	defer func() { _ = root.Close() }() // only read
	info, err := root.Lstat(filepath.Base(r.Path))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", r.Name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", r.Name)
	}
	if info.Size() != r.Size {
		return nil, fmt.Errorf("%s has %d bytes and not the %d that were stored, so somebody has changed it; `mcp-server artifact fsck` says more", r.Name, info.Size(), r.Size)
	}
	file, err := root.Open(filepath.Base(r.Path))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", r.Name, err)
	}
	now := time.Now()
	_ = os.Chtimes(metadataPath(r.Path), now, now) // retention goes by it; a store that cannot be written can still be read
	return file, nil
}
