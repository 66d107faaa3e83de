package artifact

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"time"
)

const (
	// inUse is how long after it was stored or read a file counts as in use: a result that names its path may still be read.
	inUse = time.Hour
	// pruneEvery is how often a host looks at the whole store at most.
	pruneEvery = time.Minute
)

// Retention bounds what is kept. The newest file stays whatever the bounds are, and so does what was stored or read within
// the last hour, and what cannot be fetched again, though that counts in the total. Zero means no bound.
type Retention struct {
	// MaxAge is how long after it was stored or read last a file is kept.
	MaxAge time.Duration
	// MaxBytes is how much is kept in total; what was not used for longest goes first.
	MaxBytes int64
}

// Prune removes what the bounds do not allow, and leftovers of hosts that were killed, and returns what it removed.
func (s *Store) Prune(r Retention) ([]Record, error) {
	if idle, err := s.nothingToPrune(r); idle || err != nil {
		return nil, err
	}
	unlock, err := s.exclude()
	if err != nil {
		return nil, err
	}
	defer unlock()
	all, err := s.usages() // anew: another host may have stored or read something since
	if err != nil {
		return nil, err
	}
	var removed []Record
	var problems []error
	for _, record := range expendable(all, r, time.Now()) {
		if err := s.discard(record); err != nil {
			problems = append(problems, err)
			continue
		}
		removed = append(removed, record)
	}
	for _, path := range s.leftovers() {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return removed, errors.Join(problems...)
}

// nothingToPrune looks without keeping others from storing.
func (s *Store) nothingToPrune(r Retention) (bool, error) {
	all, err := s.usages()
	return len(expendable(all, r, time.Now())) == 0 && len(s.leftovers()) == 0, err
}

// usage is a stored file with the time when it was stored or read last.
type usage struct {
	Record
	last time.Time
}

// usages returns what is stored, the newest first.
func (s *Store) usages() ([]usage, error) {
	records, err := s.List()
	if err != nil {
		return nil, err
	}
	all := make([]usage, 0, len(records))
	for _, r := range records {
		info, err := os.Stat(metadataPath(r.Path))
		if err != nil {
			continue // removed in the meantime
		}
		last := r.StoredAt
		if read := info.ModTime(); read.After(last) { // Content touches it
			last = read
		}
		all = append(all, usage{r, last})
	}
	return all, nil
}

// expendable returns what must go, what was not used for longest first. All is what is stored, the newest first.
func expendable(all []usage, r Retention, now time.Time) []Record {
	if len(all) == 0 {
		return nil
	}
	var total int64
	for _, u := range all {
		total += u.Size
	}
	candidates := slices.DeleteFunc(slices.Clone(all[1:]), func(u usage) bool { return u.OnceOnly() || now.Sub(u.last) < inUse })
	slices.SortStableFunc(candidates, func(a, b usage) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.URI, b.URI)) })
	var gone []Record
	for _, u := range candidates {
		old := r.MaxAge > 0 && now.Sub(u.last) > r.MaxAge
		if !old && (r.MaxBytes <= 0 || total <= r.MaxBytes) {
			break // the others were used later
		}
		total -= u.Size
		gone = append(gone, u.Record)
	}
	return gone
}

// retain prunes at once, and again after something was stored, until the context ends.
func (s *Store) retain(ctx context.Context) {
	for {
		removed, err := s.Prune(s.cfg.Retention)
		for _, r := range removed {
			s.logger.Info("removed, because more was stored than is to be kept", "uri", r.URI, "bytes", r.Size, "stored_at", r.StoredAt)
		}
		if err != nil {
			s.logger.Warn("the store could not be pruned", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pruneEvery):
		}
		select {
		case <-ctx.Done():
			return
		case <-s.grown:
		}
	}
}

// grow says that something was stored.
func (s *Store) grow() {
	select {
	case s.grown <- struct{}{}:
	default: // it is said already
	}
}
