package artifact

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mcp-server/sdk"
)

// Remove removes a file from the store, with its metadata. What cannot be fetched again goes only with onceOnly; its
// journal stays, so that no second request is sent by mistake. The error is an [*sdk.Error], for people at the command line.
func (s *Store) Remove(uri string, onceOnly bool) (Record, error) {
	unlock, err := s.exclude()
	if err != nil {
		return Record{}, removalError(uri, err)
	}
	defer unlock()
	r, err := s.Find(uri)
	if err != nil {
		return Record{}, err
	}
	if r.OnceOnly() && !onceOnly {
		return Record{}, &sdk.Error{
			Code: sdk.CodeFailedPrecondition, Source: sdk.SourceArgument,
			Message: fmt.Sprintf("%s came from a source that hands it out only once, so it cannot be fetched again; "+
				"copy it first (mcp-server artifact get), and remove it with --once-only if that is what you want", uri),
		}
	}
	if err := s.discard(r); err != nil {
		return Record{}, removalError(uri, err)
	}
	if r.OnceOnly() {
		s.noteRemoved(r)
	}
	return r, nil
}

// noteRemoved journals that the content is gone on purpose. Without that line the next call says that it is gone.
func (s *Store) noteRemoved(r Record) {
	err := s.withCase(r.Claim, func(c *Claim) error {
		if now := caseOf(r.Claim, c.events); now.State != StateStored || now.URI != r.URI {
			return nil
		}
		return c.note(event{State: StateRemoved, URI: r.URI})
	})
	if err != nil {
		s.logger.Warn("the journal of once-only downloads could not be written", "uri", r.URI, "err", err)
	}
}

// discard removes content, then metadata, then the folder when that is empty. A crash in between leaves metadata alone,
// which nobody takes for a file. The caller excludes others.
func (s *Store) discard(r Record) error {
	for _, path := range []string{r.Path, metadataPath(r.Path)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	s.forgetGrants(r)
	folder := filepath.Dir(r.Path)
	if os.Remove(folder) == nil { // the same content may be there under another name
		folder = filepath.Dir(folder)
	}
	return syncFolder(folder)
}

func removalError(uri string, err error) error {
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Cause: err,
		Message: fmt.Sprintf("removing %s: %v; check the data folder", uri, err),
	}
}
