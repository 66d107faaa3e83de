package artifact

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCheckOfOnceOnlyDownloads(t *testing.T) {
	t.Parallel()
	archive := zipOf(t, "hello")
	stored := func(t *testing.T, s *Store) Record {
		a := granted(t, s, false)
		a.receive(t, archive, len(archive))
		return a.store(t, archive)
	}
	for name, tc := range map[string]struct {
		spoil   func(t *testing.T, s *Store)
		problem string
		mended  bool
		state   State
	}{
		"gone": {func(t *testing.T, s *Store) {
			must(t, os.RemoveAll(filepath.Dir(stored(t, s).Path)))
		}, "gone from the store", false, StateStored},
		"damaged, content there": {func(t *testing.T, s *Store) {
			must(t, os.WriteFile(s.journalPath(stored(t, s).Claim), []byte("{"), 0o600))
		}, "damaged", true, StateStored},
		"damaged, no content": {func(t *testing.T, s *Store) {
			must(t, os.WriteFile(s.journalPath(caseKey(archiveSource())), []byte("{"), 0o600))
		}, "damaged", false, StateDamaged},
		"open, nothing arrived": {func(t *testing.T, s *Store) {
			granted(t, s, false).abandon(t)
		}, "no server is at it", true, StateLost},
		"open, a part arrived": {func(t *testing.T, s *Store) {
			a := granted(t, s, false)
			a.receive(t, "half", 10)
			a.abandon(t)
		}, "no server is at it", true, StateLost},
		"open, all arrived": {func(t *testing.T, s *Store) {
			a := granted(t, s, false)
			a.receive(t, archive, len(archive))
			a.abandon(t)
		}, "no server is at it", true, StateStored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openQuietly(t, t.TempDir())
			tc.spoil(t, s)
			found := findings(t, s, false)
			if len(found) != 1 || !strings.Contains(found[0].Problem, tc.problem) || found[0].Mended {
				t.Fatalf("found %+v, want %q", found, tc.problem)
			}
			if found = findings(t, s, true); len(found) != 1 || found[0].Mended != tc.mended {
				t.Errorf("a repair found %+v", found)
			}
			if again := findings(t, s, true); len(again) == 0 != tc.mended {
				t.Errorf("after the repair: %+v", again)
			}
			if cases, err := s.Cases(); err != nil || len(cases) != 1 || cases[0].State != tc.state {
				t.Errorf("the journal says %+v, %v", cases, err)
			}
		})
	}
}

// abandon plays a server that is killed, whose folder the next one has taken over.
func (a attempt) abandon(t *testing.T) {
	t.Helper()
	a.claim.store.release(a.dir)
	a.claim.Close()
}

func TestCheckLeavesARunningDownloadAlone(t *testing.T) {
	t.Parallel()
	s := openQuietly(t, t.TempDir())
	a := granted(t, s, false)
	a.receive(t, "half", 10)
	if found := findings(t, s, true); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
	if cases, err := s.Cases(); err != nil || len(cases) != 1 || cases[0].State != StateReceiving {
		t.Errorf("the journal says %+v, %v", cases, err)
	}
	a.claim.Close()
}

// TestRewrittenMetadataIsOnceOnlyStill loses the metadata of a once-only download: the journal knows what it was.
func TestRewrittenMetadataIsOnceOnlyStill(t *testing.T) {
	t.Parallel()
	s := openQuietly(t, t.TempDir())
	archive := zipOf(t, "hello")
	a := granted(t, s, false)
	a.receive(t, archive, len(archive))
	want := a.store(t, archive)
	must(t, os.Remove(metadataPath(want.Path)))
	findings(t, s, true)
	got, err := s.Find(want.URI)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Record{}, "StoredAt")); err != nil || diff != "" {
		t.Errorf("found again, %v (-want +got):\n%s", err, diff)
	}
}
