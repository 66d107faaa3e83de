package artifact

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

const day = 24 * time.Hour

func TestExpendable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	used := func(name string, ago time.Duration, size int64) usage {
		return usage{Record{Artifact: sdk.Artifact{URI: name, Size: size}, StoredAt: now.Add(-ago)}, now.Add(-ago)}
	}
	onceOnly := func(u usage) usage {
		u.Claim = "key"
		return u
	}
	for name, tc := range map[string]struct {
		all  []usage // the newest first
		r    Retention
		want []string
	}{
		"nothing":           {},
		"no bounds":         {all: []usage{used("b", 1*day, 1e15), used("a", 9999*day, 1e15)}},
		"by age":            {all: []usage{used("c", 1*day, 1), used("b", 9*day, 1), used("a", 11*day, 1)}, r: Retention{MaxAge: 10 * day}, want: []string{"a"}},
		"just not old":      {all: []usage{used("b", 1*day, 1), used("a", 10*day, 1)}, r: Retention{MaxAge: 10 * day}},
		"by size":           {all: []usage{used("d", 1*day, 10), used("c", 2*day, 10), used("b", 3*day, 10), used("a", 4*day, 10)}, r: Retention{MaxBytes: 25}, want: []string{"a", "b"}},
		"just not too much": {all: []usage{used("b", 1*day, 10), used("a", 2*day, 10)}, r: Retention{MaxBytes: 20}},
		"by both":           {all: []usage{used("c", 1*day, 10), used("b", 2*day, 10), used("a", 11*day, 10)}, r: Retention{MaxAge: 10 * day, MaxBytes: 10}, want: []string{"a", "b"}},
		"age makes room":    {all: []usage{used("c", 1*day, 10), used("b", 2*day, 10), used("a", 11*day, 10)}, r: Retention{MaxAge: 10 * day, MaxBytes: 20}, want: []string{"a"}},
		"the newest stays":  {all: []usage{used("a", 99*day, 100)}, r: Retention{MaxAge: day, MaxBytes: 1}},
		"the newest of two": {all: []usage{used("b", 98*day, 100), used("a", 99*day, 100)}, r: Retention{MaxAge: day, MaxBytes: 1}, want: []string{"a"}},
		"in use stays":      {all: []usage{used("b", 0, 10), used("a", 59*time.Minute, 10)}, r: Retention{MaxAge: time.Minute, MaxBytes: 1}},
		"in use no more":    {all: []usage{used("b", 0, 10), used("a", 61*time.Minute, 10)}, r: Retention{MaxBytes: 1}, want: []string{"a"}},
		"once-only stays":   {all: []usage{used("b", 1*day, 10), onceOnly(used("a", 99*day, 10))}, r: Retention{MaxAge: 10 * day, MaxBytes: 1}},
		"once-only counts":  {all: []usage{used("c", 1*day, 10), used("b", 2*day, 10), onceOnly(used("a", 3*day, 10))}, r: Retention{MaxBytes: 20}, want: []string{"b"}},
		"read, not stored, last": {
			all: []usage{used("c", 1*day, 10), {Record{Artifact: sdk.Artifact{URI: "b", Size: 10}, StoredAt: now.Add(-2 * day)}, now.Add(-5 * day)}, used("a", 3*day, 10)},
			r:   Retention{MaxBytes: 20}, want: []string{"b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range expendable(tc.all, tc.r, now) {
				got = append(got, r.URI)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
		})
	}
}

// adopt stores a text under a name.
func adopt(t *testing.T, s *Store, name, content string) Record {
	t.Helper()
	c := stage(t, s, content)
	c.Name = name
	r, err := s.Adopt(c)
	must(t, err)
	return r
}

// age makes a stored file look as if it had been stored and used some time ago.
func age(t *testing.T, s *Store, r Record, ago time.Duration) {
	t.Helper()
	r.StoredAt = time.Now().Add(-ago)
	must(t, s.writeMetadata(r))
	must(t, os.Chtimes(metadataPath(r.Path), r.StoredAt, r.StoredAt))
}

func names(t *testing.T, s *Store) []string {
	t.Helper()
	all, err := s.List()
	must(t, err)
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

func TestPruneRemovesWhatWasNotUsedForLongest(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	for n, name := range []string{"new", "recent", "read", "old", "older"} {
		age(t, s, adopt(t, s, name, name), time.Duration(n+1)*day)
	}
	all, err := s.List()
	must(t, err)
	file, err := s.Content(all[2])
	must(t, errors.Join(err, file.Close()))
	onceOnly := adopt(t, s, "once-only", "once-only")
	onceOnly.Claim = "key"
	age(t, s, onceOnly, 99*day)
	removed, err := s.Prune(Retention{MaxAge: 90 * day, MaxBytes: int64(len("new" + "read" + "once-only"))})
	must(t, err)
	var got []string
	for _, r := range removed {
		got = append(got, r.Name)
		if exists(filepath.Dir(r.Path)) {
			t.Errorf("the folder of %s is still there", r.Name)
		}
	}
	if diff := cmp.Diff([]string{"older", "old", "recent"}, got); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"new", "read", "once-only"}, names(t, s)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if again, err := s.Prune(Retention{MaxAge: 90 * day}); err != nil || len(again) > 0 {
		t.Errorf("pruned again: %v, %v", again, err)
	}
}

func TestPruneKeepsTheSameContentUnderAnotherName(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	age(t, s, adopt(t, s, "a", "same"), 2*day)
	adopt(t, s, "b", "same")
	if _, err := s.Prune(Retention{MaxAge: day}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"b"}, names(t, s)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestPruneRemovesLeftovers(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "[data]*")) // no pattern
	kept := adopt(t, s, "new-1", "kept")
	empty := filepath.Join(s.dir, "artifacts", "0123456789abcdef0123456789abcdef")
	must(t, os.Mkdir(empty, 0o700))
	old := time.Now().Add(-2 * time.Hour)
	gone, stays := []string{empty}, []string{kept.Path, metadataPath(kept.Path)}
	for folder, into := range map[string]*[]string{filepath.Dir(kept.Path): &gone, filepath.Join(s.dir, "once"): &gone} {
		leftover, fresh := filepath.Join(folder, ".new-123"), filepath.Join(folder, ".new-456")
		must(t, os.WriteFile(leftover, nil, 0o600))
		must(t, os.WriteFile(fresh, nil, 0o600))
		must(t, os.Chtimes(leftover, old, old))
		*into = append(*into, leftover)
		stays = append(stays, fresh)
	}
	must(t, os.Chtimes(metadataPath(kept.Path), old, old))
	if _, err := s.Prune(Retention{}); err != nil {
		t.Error(err)
	}
	for _, path := range gone {
		if exists(path) {
			t.Errorf("%s is still there", path)
		}
	}
	for _, path := range stays {
		if !exists(path) {
			t.Errorf("%s is gone", path)
		}
	}
}

func TestPruneRemovesNothingWithoutTheLock(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	old := adopt(t, s, "old", "old")
	age(t, s, old, 2*day)
	adopt(t, s, "new", "new")
	must(t, os.Remove(s.folder("artifacts.lock")))
	must(t, os.Mkdir(s.folder("artifacts.lock"), 0o700)) // which cannot be opened as a file
	if removed, err := s.Prune(Retention{MaxAge: day}); err == nil || len(removed) > 0 || !exists(old.Path) {
		t.Errorf("removed %v, %v", removed, err)
	}
}

// TestTwoHostsPruneAndAdopt has one host prune without end while another stores the same content again and again: what
// Adopt has returned is there, although the copy before it was old enough to go.
func TestTwoHostsPruneAndAdopt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pruning, adopting := openStore(t, dir), openStore(t, dir)
	newest := adopt(t, adopting, "newest", "newest")
	age(t, adopting, newest, -day)
	done := make(chan struct{})
	var pruned int
	var pruner sync.WaitGroup
	pruner.Go(func() {
		for {
			removed, err := pruning.Prune(Retention{MaxAge: day})
			if err != nil {
				t.Error(err)
			}
			pruned += len(removed)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for round := range 200 {
		r := adopt(t, adopting, "same", "same")
		if content, err := os.ReadFile(r.Path); err != nil || string(content) != "same" {
			t.Errorf("round %d: content %q, %v", round, content, err)
		}
		if _, err := adopting.Find(r.URI); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		unlock, err := adopting.share()
		must(t, err)
		age(t, adopting, r, 2*day)
		unlock()
	}
	close(done)
	pruner.Wait()
	if pruned == 0 {
		t.Error("nothing was ever pruned, so nothing was tried")
	}
}

// TestPruneDecidesUnderTheLock has another host store something anew after the first look, and before the lock is free.
func TestPruneDecidesUnderTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler), NoUpkeep: true})
		must(t, err)
		defer s.Close()
		age(t, s, adopt(t, s, "newest", "newest"), 0)
		age(t, s, adopt(t, s, "gone", "gone"), 3*day)
		again := adopt(t, s, "again", "again")
		age(t, s, again, 2*day)
		unlock, err := s.share()
		must(t, err)
		var removed []Record
		var pruning sync.WaitGroup
		pruning.Go(func() {
			var err error
			if removed, err = s.Prune(Retention{MaxAge: day}); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // it has looked, and waits for the lock
		again = adopt(t, s, "again", "again")
		unlock()
		pruning.Wait()
		if len(removed) != 1 || removed[0].Name != "gone" || !exists(again.Path) {
			t.Errorf("removed %v", removed)
		}
	})
}

// TestRetentionInTheBackground has the store prune when it is opened, and within a minute after something was stored.
func TestRetentionInTheBackground(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		quiet, err := Open(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler), NoUpkeep: true, Retention: Retention{MaxBytes: 1}})
		must(t, err)
		defer quiet.Close()
		for n := range 3 {
			name := fmt.Sprint(n)
			age(t, quiet, adopt(t, quiet, name, name), time.Duration(3-n)*day)
		}
		time.Sleep(2 * pruneEvery)
		synctest.Wait()
		if diff := cmp.Diff([]string{"2", "1", "0"}, names(t, quiet)); diff != "" {
			t.Errorf("a store that is only looked at has pruned (-want +got):\n%s", diff)
		}
		busy, err := Open(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler), Retention: Retention{MaxBytes: 2}})
		must(t, err)
		defer busy.Close()
		synctest.Wait()
		if diff := cmp.Diff([]string{"2", "1"}, names(t, busy)); diff != "" {
			t.Errorf("after opening (-want +got):\n%s", diff)
		}
		age(t, busy, adopt(t, busy, "3", "3"), 2*time.Hour)
		age(t, busy, adopt(t, busy, "4", "4"), 1*time.Hour+time.Minute)
		time.Sleep(pruneEvery / 2)
		synctest.Wait()
		if diff := cmp.Diff([]string{"4", "3", "2", "1"}, names(t, busy)); diff != "" {
			t.Errorf("before a minute is over (-want +got):\n%s", diff)
		}
		time.Sleep(2 * pruneEvery)
		synctest.Wait()
		if diff := cmp.Diff([]string{"4", "3"}, names(t, busy)); diff != "" {
			t.Errorf("after a minute (-want +got):\n%s", diff)
		}
	})
}
