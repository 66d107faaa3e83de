package artifact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	// LookOnly says whether a claim would be granted, and grants none.
	LookOnly bool
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
	lock       *caseLock
	events     []event
	before     Case // what the journal said when the claim was granted
}

// Claim grants the right to send one request for once-only content:
//
//	journal        content           answer
//	none, released                   granted, once "claimed" is written and synced
//	stored         in the store      the stored content
//	stored         gone or changed   an error that says so, as for what a person has removed
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
	if err != nil || stored != nil || r.LookOnly {
		c.Close()
		return &Claim{Stored: stored}, err
	}
	return c, nil
}

func (c *Claim) acquire(ctx context.Context, waiting func()) error {
	for first := true; ; first = false {
		lock, err := c.store.lockCase(c.key)
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
	now, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	c.before = now
	record, problem := c.store.storedOf(now)
	switch {
	case record != nil:
		return record, nil
	case now.State == StateReleased:
		c.events = nil // a journal that is cut must not say that another request is free
	case now.State == StateStored && !r.Again:
		now.Reason = c.store.aside(now)
		return nil, refusal(now, r.WayOn, problem)
	case now.State != "" && !r.Again:
		return nil, refusal(now, r.WayOn, problem)
	}
	if err := c.store.checkSpace(); err != nil {
		return nil, err
	}
	if r.LookOnly {
		return nil, nil
	}
	if err := writeFile(c.stagingDir+claimMark, []byte(CleanName(r.Name))); err != nil {
		return nil, journalError(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err // nobody waits for the answer
	}
	err = c.note(event{
		State: StateClaimed, Call: r.Call, Name: CleanName(r.Name), Type: r.MediaType, WayOn: r.WayOn, Source: &r.Source,
	})
	if err != nil {
		return nil, journalError(err)
	}
	return nil, nil
}

// known reads the journal, and concludes what nobody is at any more. Without a journal the state is empty, unless the
// store has the content.
func (c *Claim) known(ctx context.Context) (Case, error) {
	events, exists, err := c.store.readJournal(c.key)
	if err != nil {
		return Case{}, journalError(err)
	}
	c.events = events
	if exists {
		return c.conclude(ctx, "the server that had the claim ended")
	}
	if r := c.store.recordOf(c.key); r != nil {
		return c.noteStored(Case{Key: c.key}, *r), nil
	}
	return Case{Key: c.key}, nil
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

// Receiving journals that the reply has begun; the last word on its name and length holds.
func (c *Claim) Receiving(name string, source sdk.Origin, length int64) error {
	if n := len(c.events) - 1; n >= 0 && c.events[n].State == StateReceiving {
		c.events = c.events[:n]
	}
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
	switch before := c.before; before.State {
	case "", StateReleased:
		return c.note(event{State: StateReleased, Reason: reason})
	case StateStored, StateRemoved: // and gone from the store
		return c.note(event{State: before.State, URI: before.URI})
	default:
		return c.note(event{
			State: StateLost, Kept: before.Kept, Length: &before.Length, Reason: strings.TrimPrefix(before.Reason+"; asked again: "+reason, "; "),
		})
	}
}

// Settle ends the claim with the call: a download that was cut is kept, and stored after all when it is whole. It returns
// what the journal says in the end. After an error, an [*sdk.Error] that says where the bytes are, the case is still open:
// the next claim, or the next host, concludes it.
func (c *Claim) Settle(ctx context.Context, reason string) (Case, error) {
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wholeWait) // the caller may be gone, the file is not
	defer cancel()
	if _, err := c.store.rescue(c.stagingDir); err != nil {
		return caseOf(c.key, c.events), stuck(c.stagingDir, err)
	}
	return c.conclude(ctx, reason)
}

// Close gives the lock back.
func (c *Claim) Close() {
	if c.lock != nil {
		c.lock.Close()
		c.lock = nil
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
