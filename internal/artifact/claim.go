package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"mcp-server/sdk"
)

// ClaimRequest asks for a once-only download.
type ClaimRequest struct {
	// Call is the id of the call, and StagingDir its folder from Stage.
	Call, StagingDir string
	// Source is the operation and the ids that name the content; Name and MediaType what it is as far as that is known.
	Source          sdk.Origin
	Name, MediaType string
	// WayOn is what a caller can do when the content is lost.
	WayOn string
	// Again grants the claim although an earlier request may have used the content up.
	Again bool
	// Waiting is called when another call is after the same content.
	Waiting func()
}

// Claim is a granted claim, or the content that an earlier one has brought. Its methods are called by one goroutine.
type Claim struct {
	// Stored is the content when it is in the store; there is nothing to fetch then.
	Stored *Record

	store      *Store
	key        string
	stagingDir string
	lock       *flock.Flock
	events     []event
	before     Case // what the journal said when the claim was granted
}

// Claim grants the right to send one request for once-only content:
//
//	journal        content           answer
//	none, released                   granted, once "claimed" is written and synced
//	stored         in the store      the stored content
//	stored         gone or changed   an error that says so
//	any other                        concluded first: what is kept may be whole; then as stored, or an error that
//	                                 says what is known and the way on
//
// It waits while another call has the claim, in this host or another one. Again turns the errors into a grant, but not
// what is stored. The error is an [*sdk.Error], or the context's.
func (s *Store) Claim(ctx context.Context, r ClaimRequest) (*Claim, error) {
	c := &Claim{store: s, key: caseKey(r.Source), stagingDir: r.StagingDir}
	if err := c.acquire(ctx, r.Waiting); err != nil {
		return nil, err
	}
	stored, err := c.admit(ctx, r)
	if err != nil || stored != nil {
		c.Close()
		return &Claim{Stored: stored}, err
	}
	return c, nil
}

func (c *Claim) acquire(ctx context.Context, waiting func()) error {
	path := filepath.Join(c.store.folder("once"), c.key+".lock")
	for first := true; ; first = false {
		lock, err := lockCase(path)
		if err != nil {
			return journalError(err)
		}
		if lock != nil {
			c.lock = lock
			return nil
		}
		if first && waiting != nil {
			waiting()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// admit looks at what is known and, when nothing stands against it, journals the claim.
func (c *Claim) admit(ctx context.Context, r ClaimRequest) (*Record, error) {
	events, exists, err := c.store.readJournal(c.key)
	if err != nil {
		return nil, journalError(err)
	}
	c.events = events
	if exists {
		now, err := c.conclude(ctx, "the server that had the claim ended")
		if err != nil {
			return nil, err
		}
		c.before = now
		record, problem := c.store.storedOf(now)
		switch {
		case record != nil:
			return record, nil
		case now.State != StateReleased && !r.Again:
			return nil, refusal(now, r.WayOn, problem)
		}
	}
	if err := c.store.checkSpace(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(r.StagingDir, claimMark), []byte(CleanName(r.Name)), 0o600); err != nil {
		return nil, journalError(err)
	}
	err = c.note(event{
		State: StateClaimed, Call: r.Call, Name: CleanName(r.Name), Type: r.MediaType, WayOn: r.WayOn, Source: &r.Source,
	})
	if err != nil {
		return nil, journalError(err)
	}
	return nil, nil
}

// note journals an event.
func (c *Claim) note(e event) error {
	e.Time = time.Now().UTC().Truncate(time.Millisecond)
	events := append(slices.Clone(c.events), e)
	if err := c.store.writeJournal(c.key, events); err != nil {
		return err
	}
	c.events = events
	return nil
}

// Receiving journals that the reply has begun.
func (c *Claim) Receiving(name string, source sdk.Origin, length int64) error {
	return c.note(event{State: StateReceiving, Name: CleanName(name), Source: &source, Length: &length})
}

// Store adopts the file that the claim was for, and journals it.
func (c *Claim) Store(candidate Candidate) (Record, error) {
	r, err := c.store.adopt(candidate, c.key)
	if err != nil {
		return Record{}, err
	}
	if err := c.note(event{State: StateStored, URI: r.URI}); err != nil {
		// The metadata names the claim, so the next call finds it without this line.
		c.store.logger.Warn("the journal of once-only downloads could not be written", "uri", r.URI, "err", err)
	}
	return r, nil
}

// Release journals that the source did not count the request. What was known before is known again.
func (c *Claim) Release(reason string) error {
	switch c.before.State {
	case StateLost:
		return c.note(event{State: StateLost, Kept: c.before.Kept, Length: &c.before.Length, Reason: c.before.Reason + "; asked again: " + reason})
	case StateStored, StateRemoved: // and gone from the store
		return c.note(event{State: c.before.State, URI: c.before.URI})
	}
	return c.note(event{State: StateReleased, Reason: reason})
}

// Settle ends the claim with the call: a download that was cut is kept, and stored after all when it is whole. It returns
// what the journal says in the end.
func (c *Claim) Settle(ctx context.Context, reason string) (Case, error) {
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wholeWait) // the caller may be gone, the file is not
	defer cancel()
	if _, err := c.store.rescue(c.stagingDir); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.store.logger.Error("what had arrived of a once-only download could not be kept", "err", err)
	}
	return c.conclude(ctx, reason)
}

// Close gives the lock back.
func (c *Claim) Close() {
	if c.lock != nil {
		_ = c.lock.Close()
	}
}

func journalError(err error) error {
	if known, ok := errors.AsType[*sdk.Error](err); ok {
		return known
	}
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Cause: err,
		Message: fmt.Sprintf("a once-only download needs a journal, and it cannot be written: %v; nothing was sent. Mend the data folder, then call again", err),
	}
}
