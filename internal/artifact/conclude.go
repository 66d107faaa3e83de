package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mcp-server/sdk"
)

// wholeWait bounds the check of an archive that was kept.
const wholeWait = 5 * time.Minute

// conclude finds out what became of a download that nobody is at any more, journals and returns it. The claim has the
// lock.
func (c *Claim) conclude(ctx context.Context, reason string) (Case, error) {
	now := caseOf(c.key, c.events)
	switch now.State {
	case StateStored, StateReleased, StateRemoved:
		return now, nil
	case StateDamaged:
		c.store.sweep() // whose remains it was is not known any more, but they stay
	case StateClaimed, StateReceiving:
		if err := c.takeOver(now.Call); err != nil {
			return now, err
		}
	}
	if r := c.store.recordOf(c.key); r != nil { // the crash came between the file and the journal
		return c.noteStored(now, *r), nil
	}
	if now.State == StateClaimed || now.State == StateReceiving {
		now.Kept = c.store.keptOf(now.Call)
	}
	r, err := c.adoptKept(ctx, now)
	switch {
	case err != nil:
		return now, err
	case r != nil:
		return c.noteStored(now, *r), nil
	case now.State == StateLost || now.State == StateDamaged:
		return now, nil
	}
	now.State, now.Since, now.Reason = StateLost, time.Now(), reason
	if err := c.note(event{State: StateLost, Kept: now.Kept, Reason: reason}); err != nil {
		c.store.logger.Warn("the journal of once-only downloads could not be written", "err", err)
	}
	return now, nil
}

func (c *Claim) noteStored(now Case, r Record) Case {
	events := c.events
	if len(events) == 0 { // a journal that was damaged, or removed, is begun anew
		c.events = []event{{Time: r.StoredAt, State: StateClaimed, Name: r.Name, Type: r.MediaType, Source: &r.Source}}
	}
	if err := c.note(event{State: StateStored, URI: r.URI}); err != nil {
		c.events = events
		c.store.logger.Warn("the journal of once-only downloads could not be written", "uri", r.URI, "err", err)
	}
	now.State, now.URI, now.Kept, now.Reason = StateStored, r.URI, nil, ""
	return now
}

// takeOver keeps what a call left in its folder that has ended, with its host or without a chance to keep it: whoever has
// the lock is alone with it. A host that sweeps at the same time does the same.
func (c *Claim) takeOver(call string) error {
	for _, mark := range c.store.glob("staging/*/" + pluginPrefix + "*/" + callPrefix + call + claimMark) {
		dir := strings.TrimSuffix(mark, claimMark)
		if dir == c.stagingDir {
			continue // Settle has kept it
		}
		if _, err := c.store.rescue(dir); err != nil {
			return stuck(dir, err)
		}
		c.store.release(dir)
	}
	return nil
}

// stuck is the error of bytes that cannot leave a call's folder, where they stay.
func stuck(dir string, err error) *sdk.Error {
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: err,
		Message: fmt.Sprintf("what arrived of a once-only download is in %s and cannot be kept elsewhere: %v; mend the data folder, then call again", dir, err),
	}
}

// recordOf returns what is stored of a claim, if its content is what its metadata says.
func (s *Store) recordOf(key string) *Record {
	for _, r := range s.records() {
		if r.Claim == key && verify(r.Path, r.SHA256) == nil {
			return &r
		}
	}
	return nil
}

// storedOf returns the content of a case that is stored, or what is wrong with it.
func (s *Store) storedOf(c Case) (*Record, error) {
	if c.State != StateStored {
		return nil, nil
	}
	r, err := s.Find(c.URI)
	if err == nil {
		err = verify(r.Path, r.SHA256)
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// aside says where a repair has put the content of a case, if it did.
func (s *Store) aside(c Case) string {
	id, name, err := parseURI(c.URI)
	if err != nil {
		return ""
	}
	path := s.asidePath(id, name)
	if _, err := os.Lstat(path); err != nil {
		return ""
	}
	return "what is left of it is in " + path
}

func (s *Store) asidePath(id, name string) string {
	return filepath.Join(s.folder("damaged"), id, name)
}

// adoptKept stores a kept file that turns out to be whole; nil when none does. An error says that this could not be told.
func (c *Claim) adoptKept(ctx context.Context, now Case) (*Record, error) {
	if now.Length < 0 && len(now.Kept) > 1 {
		return nil, nil // which of them the archive would be is not known
	}
	for _, k := range now.Kept {
		if k.Gone || k.Size == 0 || now.Length >= 0 && k.Size != now.Length {
			continue
		}
		r, err := c.wholeRecord(ctx, now, k)
		if err != nil {
			return nil, &sdk.Error{
				Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: err,
				Message: fmt.Sprintf("what arrived of a once-only download is kept in %s, and whether it is whole could not be checked: %v; call again", k.Path, err),
			}
		}
		if r == nil {
			continue
		}
		if err := errors.Join(syncFile(k.Path), c.store.place(func(path string) error { return os.Rename(k.Path, path) }, *r)); err != nil {
			c.store.logger.Error("a once-only download is whole, but cannot be stored", "path", k.Path, "err", err)
			continue
		}
		c.store.logger.Warn("a once-only download that was cut had arrived whole and is stored", "uri", r.URI)
		return r, nil
	}
	return nil, nil
}

// wholeRecord describes a kept file that is whole: it has the checksum that the metadata names already, or is a complete
// archive, and nobody writes to it any more. It is nil when the file is not whole.
func (c *Claim) wholeRecord(ctx context.Context, now Case, k Kept) (*Record, error) {
	checked := c.store.whole(ctx, k.Path)
	sum, err := checksum(ctx, k.Path)
	if err != nil {
		return nil, err
	}
	r := c.store.newRecord(now.Name, now.MediaType, k.Size, sum, now.Source)
	r.Claim = c.key
	info, err := os.Lstat(k.Path)
	if err != nil || info.Size() != k.Size {
		return nil, err // a process that was killed has written on; the next look finds all of it
	}
	if before, err := c.store.read(r.SHA256[:32], r.Name); err == nil && before.Claim == c.key && before.SHA256 == r.SHA256 {
		return &r, nil
	}
	if checked == nil {
		return &r, nil
	}
	c.store.logger.Info("what is kept of a once-only download is not known to be whole", "path", k.Path, "err", checked)
	if known, ok := errors.AsType[*sdk.Error](checked); ok && known.Code != sdk.CodeDataLoss && known.Code != sdk.CodeFailedPrecondition {
		return nil, checked
	}
	return nil, ctx.Err()
}

func (s *Store) whole(ctx context.Context, path string) error {
	if s.cfg.Whole == nil {
		return errors.New("nothing here can tell whether it is whole")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	return s.cfg.Whole(ctx, s.TempDir(), f)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // synced by then
	return f.Sync()
}

// ConcludeAll concludes what hosts left behind that were killed. What another call is at is left to it, so that a case that is
// claimed or receiving afterwards is being downloaded.
func (s *Store) ConcludeAll(ctx context.Context) {
	cases, err := s.Cases()
	if err != nil {
		s.logger.Warn("the journal of once-only downloads could not be read", "err", err)
	}
	for _, open := range cases {
		if ctx.Err() != nil || open.State != StateClaimed && open.State != StateReceiving {
			continue
		}
		if err := s.concludeCase(ctx, open.Key); err != nil {
			s.logger.Warn("a once-only download could not be concluded", "key", open.Key, "err", err)
		}
	}
}

func (s *Store) concludeCase(ctx context.Context, key string) error {
	return s.withCase(key, func(c *Claim) error {
		_, err := c.conclude(ctx, "the server that had the claim ended")
		return err
	})
}

// withCase does something with the journal of a case while no call is at it; it does nothing when one is.
func (s *Store) withCase(key string, do func(*Claim) error) error {
	lock, err := s.lockCase(key)
	if err != nil || lock == nil {
		return err
	}
	c := &Claim{store: s, key: key, lock: lock}
	defer c.Close()
	if c.events, _, err = s.readJournal(key); err != nil {
		return err
	}
	return do(c)
}

// refusal says what is known of a download that cannot be asked for again.
func refusal(c Case, wayOn string, problem error) *sdk.Error {
	e := &sdk.Error{Code: sdk.CodeDataLoss, Source: sdk.SourceCloud, Cause: problem}
	e.Message = c.Describe() + ". The source hands it out only once, so no second request was sent"
	if c.WayOn != "" {
		wayOn = c.WayOn
	}
	if wayOn != "" {
		e.Message += ": " + strings.TrimSuffix(wayOn, ".")
	}
	e.Message += "."
	return e
}

// Describe says in a sentence, without its full stop, what the journal knows of a case.
func (c Case) Describe() string {
	when := c.Claimed.Format(time.RFC3339)
	switch {
	case c.State == StateDamaged:
		return "the journal of this once-only download is damaged, so a request for it may have been sent before, and what became of it is not known"
	case c.State == StateStored:
		text := fmt.Sprintf("this was downloaded on %s and stored as %s, but the file is gone from the store or was changed", c.Since.Format(time.RFC3339), c.URI)
		if c.Reason != "" {
			text += " (" + c.Reason + ")"
		}
		return text
	case c.State == StateRemoved:
		return fmt.Sprintf("this was downloaded, stored as %s, and removed from the store by hand on %s", c.URI, c.Since.Format(time.RFC3339))
	case c.State == StateReleased:
		return fmt.Sprintf("the request of %s was not counted by the source (%s)", when, c.Reason)
	case c.State == StateLost && len(c.Kept) > 0:
		return fmt.Sprintf("this was requested on %s and did not arrive whole (%s): %s", when, c.Reason, amounts(c.Kept, c.Length)) + c.earlier()
	case c.State == StateLost:
		return fmt.Sprintf("this was requested on %s and nothing of it arrived (%s), so it is not known whether the source counted the request", when, c.Reason) + c.earlier()
	}
	return fmt.Sprintf("this was requested on %s, and the download has not ended", when)
}

func (c Case) earlier() string {
	if len(c.Earlier) == 0 {
		return ""
	}
	return "; of an earlier request " + amounts(c.Earlier, -1)
}

func amounts(kept []Kept, length int64) string {
	of := ""
	if length >= 0 {
		of = fmt.Sprintf(" of %d", length)
	}
	texts := make([]string, len(kept))
	for n, k := range kept {
		texts[n] = fmt.Sprintf("%d%s bytes are kept in %s", k.Size, of, k.Path)
		if k.Gone {
			texts[n] = fmt.Sprintf("%d%s bytes were kept in %s, which is gone", k.Size, of, k.Path)
		}
	}
	return strings.Join(texts, ", ")
}
