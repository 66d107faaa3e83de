package artifact

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

func TestARepeatComesFromTheStore(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := zipOf(t, "hello")
	first := granted(t, s, false)
	first.receive(t, archive, len(archive))
	r := first.store(t, archive)
	if !r.OnceOnly() || r.Source.Operation != "DownloadAssetArchive" {
		t.Errorf("stored as %+v", r)
	}
	stored(t, ask(t, s, false), archive)
	stored(t, ask(t, s, true), archive) // asking again is for what is lost
	must(t, os.WriteFile(r.Path, []byte("spoilt"), 0o600))
	refused(t, ask(t, s, false), r.URI, "changed", wayOn)
	must(t, os.Remove(r.Path))
	refused(t, ask(t, s, false), r.URI, "gone", wayOn)
	granted(t, s, true).claim.Close()
}

func TestRemovedByHand(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := zipOf(t, "hello")
	r := granted(t, s, false).store(t, archive)
	_, err := s.Remove(r.URI, true)
	must(t, err)
	refused(t, ask(t, s, false), "removed from the store by hand", wayOn)
	if found, err := s.Check(t.Context(), false); err != nil || len(found) > 0 {
		t.Errorf("found %+v, %v", found, err)
	}
	again := granted(t, s, true)
	must(t, again.claim.Release("it is not there"))
	again.claim.Close()
	refused(t, ask(t, s, false), "removed from the store by hand", wayOn)
}

// TestFolderThatLooksLikeAPattern has a data folder with a name that a shell would expand.
func TestFolderThatLooksLikeAPattern(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "[data]*"))
	a := granted(t, s, false)
	a.receive(t, "half", 10)
	die(t, s, a)
	refused(t, ask(t, openStore(t, s.dir), false), "4 of 10 bytes are kept in")
	if cases, err := s.Cases(); err != nil || len(cases) != 1 {
		t.Errorf("got %v, %v", cases, err)
	}
}

func TestWhatIsLostIsSaid(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	first := granted(t, s, false)
	first.receive(t, "half", 10)
	now, err := first.claim.Settle(t.Context(), "the plugin was killed")
	if err != nil || now.State != StateLost || len(now.Kept) != 1 || now.Kept[0].Size != 4 {
		t.Fatalf("settled as %+v, %v", now, err)
	}
	refused(t, ask(t, s, false), "4 of 10 bytes are kept in "+now.Kept[0].Path, "the plugin was killed", wayOn, "no second request")
	second := granted(t, s, true)
	must(t, second.claim.Release("it is not there"))
	second.claim.Close()
	refused(t, ask(t, s, false), "4 of 10 bytes are kept in "+now.Kept[0].Path, "asked again: it is not there", wayOn)
}

// TestKeptOfAnEarlierRequest stays known when a later one brings nothing.
func TestKeptOfAnEarlierRequest(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	first := granted(t, s, false)
	first.receive(t, "half", 10)
	now, err := first.claim.Settle(t.Context(), "cut")
	must(t, err)
	_, err = granted(t, s, true).claim.Settle(t.Context(), "HTTP 500")
	must(t, err)
	refused(t, ask(t, s, false), "nothing of it arrived", "4 bytes are kept in "+now.Kept[0].Path)
	must(t, os.Remove(now.Kept[0].Path))
	refused(t, ask(t, s, false), "which is gone")
}

// TestLockIsGone removes the file that the lock of a running download is on.
func TestLockIsGone(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	a := granted(t, s, false)
	defer a.claim.Close()
	must(t, os.RemoveAll(filepath.Join(s.dir, "once")))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Claim(ctx, ClaimRequest{Call: "2", StagingDir: t.TempDir(), Source: archiveSource(), Waiting: cancel})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestNothingArrived(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	now, err := granted(t, s, false).claim.Settle(t.Context(), "HTTP 500")
	if err != nil || now.State != StateLost {
		t.Fatalf("settled as %+v, %v", now, err)
	}
	refused(t, ask(t, s, false), "nothing of it arrived", "HTTP 500", wayOn)
}

func TestAReleasedClaimIsGrantedAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	first := granted(t, s, false)
	must(t, first.claim.Release("no connection"))
	first.claim.Close()
	granted(t, s, false).claim.Close()
}

func TestOnlyOneOfManyIsGranted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hosts := []*Store{openStore(t, dir), openStore(t, dir)} // two hosts, as far as locks go
	archive := zipOf(t, "hello")
	var requests, waited atomic.Int32
	var calls sync.WaitGroup
	for n := range 20 {
		s := hosts[n%2]
		calls.Go(func() {
			call := uuid.NewString()
			dir, _, err := s.Stage("p", call)
			if err != nil {
				t.Error(err)
				return
			}
			claim, err := s.Claim(t.Context(), ClaimRequest{Call: call, StagingDir: dir, Source: archiveSource(), Waiting: func() { waited.Add(1) }})
			switch {
			case err != nil:
				t.Error(err)
			case claim.Stored == nil:
				requests.Add(1)
				if _, err := claim.Store(candidateOf(dir, archive)); err != nil {
					t.Error(err)
				}
				claim.Close()
			}
		})
	}
	calls.Wait()
	if requests.Load() != 1 {
		t.Errorf("%d requests were allowed; %d calls waited", requests.Load(), waited.Load())
	}
}

func TestWaitingEndsWithTheCall(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	first := granted(t, s, false)
	defer first.claim.Close()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Claim(ctx, ClaimRequest{Call: "2", StagingDir: t.TempDir(), Source: archiveSource(), Waiting: cancel})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestSpaceIsCheckedBefore(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), MinFree: math.MaxUint64})
	must(t, err)
	t.Cleanup(s.Close)
	refused(t, ask(t, s, false), "MiB free", "nothing was sent", "--min-free")
	if cases, err := s.Cases(); err != nil || len(cases) > 0 {
		t.Errorf("journaled %v, %v", cases, err)
	}
}

// TestFolderRemovedUnderneath journals and stores although everything but the call's folder is gone.
func TestFolderRemovedUnderneath(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := zipOf(t, "hello")
	a := granted(t, s, false)
	a.receive(t, archive, len(archive))
	for _, folder := range []string{"once", "artifacts", "partial", "artifacts.lock"} {
		must(t, os.RemoveAll(filepath.Join(s.dir, folder)))
	}
	a.store(t, archive)
	stored(t, ask(t, s, false), archive)
}

func TestCases(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	_, err := granted(t, s, false).claim.Settle(t.Context(), "cut")
	must(t, err)
	cases, err := s.Cases()
	if err != nil || len(cases) != 1 || cases[0].State != StateLost || cases[0].Source.IDs["archive_id"] != "a" || cases[0].WayOn != wayOn {
		t.Errorf("got %+v, %v", cases, err)
	}
}
