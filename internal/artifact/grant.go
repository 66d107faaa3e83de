package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mcp-server/sdk"
)

// Grant notes that a caller has got a file, and may see it from now on. The caller without a name sees everything, so
// nothing is noted for it.
func (s *Store) Grant(caller string, r Record) error {
	if caller == "" {
		return nil
	}
	folder := s.grants(caller)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("noting who may see a file: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(folder, keyOf(r.URI)), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("noting who may see a file: %w", err)
	}
	return f.Close()
}

// Granted reports whether a caller may see a file.
func (s *Store) Granted(caller string, r Record) bool {
	if caller == "" {
		return true
	}
	_, err := os.Lstat(filepath.Join(s.grants(caller), keyOf(r.URI)))
	return err == nil
}

// ListFor is List of what a caller may see.
func (s *Store) ListFor(caller string) ([]Record, error) {
	all, err := s.List()
	return slices.DeleteFunc(all, func(r Record) bool { return !s.Granted(caller, r) }), err
}

// FindFor is Find among what a caller may see: a file of others is not found.
func (s *Store) FindFor(caller, uri string) (Record, error) {
	r, err := s.Find(uri)
	if missing := err != nil && sdk.AsError(err).Source == sdk.SourceArgument; missing || s.Granted(caller, Record{Artifact: sdk.Artifact{URI: uri}}) {
		return r, err
	}
	return Record{}, notFound(uri)
}

// grants is the folder of a caller's notes. A caller may be called anything, so it and the files go by their hashes.
func (s *Store) grants(caller string) string {
	return filepath.Join(s.folder("callers"), keyOf(caller))
}

func keyOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// forgetGrants removes the notes of a file that is gone.
func (s *Store) forgetGrants(r Record) {
	for _, note := range s.glob("callers/*/" + keyOf(r.URI)) {
		if err := os.Remove(note); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.logger.Warn("who could see a removed file stays noted", "err", err)
		}
	}
}
