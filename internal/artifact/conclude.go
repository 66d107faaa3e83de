package artifact

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mcp-server/sdk"
)

const (
	// handoverWait bounds the wait for another host that takes over the folder of a dead one.
	handoverWait = 10 * time.Second
	// wholeWait bounds the check of an archive that was kept.
	wholeWait = 5 * time.Minute
)

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
		if err := c.takeOver(ctx, now.Call); err != nil {
			return now, err
		}
	}
	if r := c.store.recordOf(c.key); r != nil { // the crash came between the file and the journal
		return c.noteStored(now, *r)
	}
	kept := now.Kept
	if now.State == StateClaimed || now.State == StateReceiving {
		kept = c.store.keptOf(now.Call)
	}
	for _, k := range kept {
		if r, ok := c.adoptKept(ctx, now, k); ok {
			return c.noteStored(now, r)
		}
	}
	if now.State == StateLost || now.State == StateDamaged {
		return now, nil
	}
	err := c.note(event{State: StateLost, Kept: kept, Reason: reason})
	now.State, now.Since, now.Kept, now.Reason = StateLost, time.Now(), kept, reason
	if err != nil {
		c.store.logger.Warn("the journal of once-only downloads could not be written", "err", err)
	}
	return now, nil
}

func (c *Claim) noteStored(now Case, r Record) (Case, error) {
	events := c.events
	if len(events) == 0 { // a journal that was damaged is begun anew
		c.events = []event{{Time: r.StoredAt, State: StateClaimed, Name: r.Name, Type: r.MediaType, Source: &r.Source}}
	}
	if err := c.note(event{State: StateStored, URI: r.URI}); err != nil {
		c.events = events
		c.store.logger.Warn("the journal of once-only downloads could not be written", "uri", r.URI, "err", err)
	}
	now.State, now.URI, now.Kept, now.Reason = StateStored, r.URI, nil, ""
	return now, nil
}

// takeOver waits until nothing of the call is left in staging: its host is dead, and its remains go to partial.
func (c *Claim) takeOver(ctx context.Context, call string) error {
	ctx, cancel := context.WithTimeout(ctx, handoverWait)
	defer cancel()
	for {
		c.store.sweep()
		left := c.store.glob("staging/*/" + callPrefix + call + "/" + claimMark)
		if len(left) == 0 || left[0] == filepath.Join(c.stagingDir, claimMark) {
			return nil
		}
		select {
		case <-ctx.Done():
			return &sdk.Error{
				Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: ctx.Err(),
				Message: "another server is still taking over what an earlier download left; call again in a moment",
			}
		case <-time.After(lockPause):
		}
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

// adoptKept stores a kept file that turns out to be whole: its length is the announced one, and it has the checksum that
// the metadata names already, or is a complete archive.
func (c *Claim) adoptKept(ctx context.Context, now Case, k Kept) (Record, bool) {
	if now.Length >= 0 && k.Size != now.Length || k.Size == 0 {
		return Record{}, false
	}
	sum, err := checksum(k.Path)
	if err != nil {
		return Record{}, false
	}
	r := c.store.newRecord(now.Name, now.MediaType, k.Size, sum, now.Source)
	r.Claim = c.key
	if before, err := c.store.read(r.SHA256[:32], r.Name); err != nil || before.Claim != c.key || before.SHA256 != r.SHA256 {
		if err := c.store.whole(ctx, k.Path); err != nil {
			c.store.logger.Info("what is kept of a once-only download is not whole", "path", k.Path, "err", err)
			return Record{}, false
		}
	}
	if err := syncFile(k.Path); err != nil {
		return Record{}, false
	}
	if err := c.store.place(k.Path, r); err != nil {
		c.store.logger.Error("a once-only download is whole, but cannot be stored", "path", k.Path, "err", err)
		return Record{}, false
	}
	c.store.logger.Warn("a once-only download that was cut had arrived whole and is stored", "uri", r.URI)
	return r, true
}

func (s *Store) whole(ctx context.Context, path string) error {
	if s.cfg.Whole == nil {
		return fmt.Errorf("nothing can tell whether it is whole")
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
	lock, err := lockCase(filepath.Join(s.folder("once"), key+".lock"))
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
		return fmt.Sprintf("this was downloaded on %s and stored as %s, but the file is gone from the store or was changed", c.Since.Format(time.RFC3339), c.URI)
	case c.State == StateRemoved:
		return fmt.Sprintf("this was downloaded, stored as %s, and removed from the store by hand on %s", c.URI, c.Since.Format(time.RFC3339))
	case c.State == StateReleased:
		return fmt.Sprintf("the request of %s was not counted by the source (%s)", when, c.Reason)
	case c.State == StateLost && len(c.Kept) > 0:
		return fmt.Sprintf("this was requested on %s and did not arrive whole (%s): %s", when, c.Reason, c.amounts())
	case c.State == StateLost:
		return fmt.Sprintf("this was requested on %s and nothing of it arrived (%s), so it is not known whether the source counted the request", when, c.Reason)
	}
	return fmt.Sprintf("this was requested on %s, and the download has not ended", when)
}

func (c Case) amounts() string {
	of := ""
	if c.Length >= 0 {
		of = fmt.Sprintf(" of %d", c.Length)
	}
	texts := make([]string, len(c.Kept))
	for n, k := range c.Kept {
		texts[n] = fmt.Sprintf("%d%s bytes are kept in %s", k.Size, of, k.Path)
	}
	return strings.Join(texts, ", ")
}
