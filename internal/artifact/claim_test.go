package artifact

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"mcp-server/sdk"
)

const wayOn = "make a new one"

func archiveSource() sdk.Origin {
	return sdk.Origin{Operation: "DownloadAssetArchive", IDs: map[string]string{"project_id": "p", "instance_id": "i", "archive_id": "a"}}
}

// zipOf is an archive of one file.
func zipOf(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("file.txt")
	must(t, err)
	_, err = f.Write([]byte(content))
	must(t, errors.Join(err, w.Close()))
	return b.String()
}

// attempt is a call that is after the archive.
type attempt struct {
	call, dir string
	claim     *Claim
	err       error
}

func ask(t *testing.T, s *Store, again bool) attempt {
	t.Helper()
	a := attempt{call: uuid.NewString()}
	dir, _, err := s.Stage(a.call) // the folder stays, as after a kill
	must(t, err)
	a.dir = dir
	a.claim, a.err = s.Claim(t.Context(), ClaimRequest{
		Call: a.call, StagingDir: dir, Source: archiveSource(), Name: "a.zip", MediaType: "application/zip", WayOn: wayOn, Again: again,
	})
	return a
}

// granted fails the test unless a request may be sent.
func granted(t *testing.T, s *Store, again bool) attempt {
	t.Helper()
	a := ask(t, s, again)
	if a.err != nil || a.claim.Stored != nil {
		t.Fatalf("not granted: %+v, %v", a.claim, a.err)
	}
	return a
}

// receive plays a plugin that has received some bytes.
func (a attempt) receive(t *testing.T, content string, length int) {
	t.Helper()
	must(t, a.claim.Receiving("a.zip", archiveSource(), int64(length)))
	must(t, os.WriteFile(filepath.Join(a.dir, "part"), []byte(content), 0o600))
}

func (a attempt) store(t *testing.T, content string) Record {
	t.Helper()
	r, err := a.claim.Store(candidateOf(a.dir, content))
	must(t, err)
	a.claim.Close()
	return r
}

func refused(t *testing.T, a attempt, texts ...string) {
	t.Helper()
	e, ok := errors.AsType[*sdk.Error](a.err)
	if !ok {
		t.Fatalf("answered with %+v, %v", a.claim, a.err)
	}
	for _, text := range texts {
		if !strings.Contains(e.Message, text) {
			t.Errorf("the refusal lacks %q: %s", text, e.Message)
		}
	}
}

func stored(t *testing.T, a attempt, content string) {
	t.Helper()
	if a.err != nil || a.claim.Stored == nil {
		t.Fatalf("answered with %+v, %v", a.claim, a.err)
	}
	if got, err := os.ReadFile(a.claim.Stored.Path); err != nil || string(got) != content {
		t.Errorf("stored %d bytes, want %d, %v", len(got), len(content), err)
	}
}

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

func TestReleaseAfterADamagedJournal(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	must(t, os.WriteFile(s.journalPath(caseKey(archiveSource())), []byte("{"), 0o600))
	refused(t, ask(t, s, false), "damaged", wayOn)
	a := granted(t, s, true)
	must(t, a.claim.Release("no connection"))
	a.claim.Close()
	refused(t, ask(t, s, false), "no connection", wayOn)
}

// TestJournalIsGone has the content in the store, which names its claim.
func TestJournalIsGone(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := zipOf(t, "hello")
	a := granted(t, s, false)
	a.store(t, archive)
	must(t, os.Remove(s.journalPath(a.claim.key)))
	stored(t, ask(t, s, false), archive)
	if cases, err := s.Cases(); err != nil || len(cases) != 1 || cases[0].State != StateStored {
		t.Errorf("got %+v, %v", cases, err)
	}
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

// TestNothingIsRemovedThatCannotBeKept has no room for what arrived but the call's folder.
func TestNothingIsRemovedThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	a := granted(t, s, false)
	a.receive(t, "half", 10)
	partial := filepath.Join(s.dir, "partial")
	must(t, os.Remove(partial))
	must(t, os.WriteFile(partial, nil, 0o600)) // in the folder's place
	_, err := a.claim.Settle(t.Context(), "cut")
	must(t, err)
	s.release(a.dir)
	s.Close()
	s.sweep()
	if content, err := os.ReadFile(filepath.Join(a.dir, "part")); err != nil || string(content) != "half" {
		t.Fatalf("%q is left, %v", content, err)
	}
	must(t, os.Remove(partial))
	next := openStore(t, s.dir)
	if kept := next.keptOf(a.call); len(kept) != 1 || kept[0].Size != 4 {
		t.Errorf("the next host keeps %+v", kept)
	}
}

// TestAnAbortedCheckIsNoVerdict ends the host while it looks whether a kept archive is whole.
func TestAnAbortedCheckIsNoVerdict(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := zipOf(t, "hello")
	a := granted(t, s, false)
	a.receive(t, archive, len(archive))
	die(t, s, a)
	ctx, cancel := context.WithCancel(t.Context())
	s.cfg.Whole = func(ctx context.Context, _ string, _ *os.File) error {
		cancel()
		return ctx.Err()
	}
	if err := s.concludeCase(ctx, a.claim.key); err == nil {
		t.Error("it was concluded")
	}
	stored(t, ask(t, openStore(t, s.dir), false), archive)
}

func TestUnreadableJournalBlindsNobody(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	_, err := granted(t, s, false).claim.Settle(t.Context(), "cut")
	must(t, err)
	must(t, os.Mkdir(s.journalPath("ffffffffffffffffffffffffffffffff"), 0o700))
	if cases, err := s.Cases(); err != nil || len(cases) != 2 {
		t.Errorf("got %+v, %v", cases, err)
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

// TestCutButWhole has everything on disk when the call is cut: it is stored all the same.
func TestCutButWhole(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int{"length known": 0, "length not known": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, t.TempDir())
			archive := zipOf(t, "hello")
			if length == 0 {
				length = len(archive)
			}
			first := granted(t, s, false)
			first.receive(t, archive, length)
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // the caller is gone
			now, err := first.claim.Settle(ctx, "cancelled")
			if err != nil || now.State != StateStored {
				t.Fatalf("settled as %+v, %v", now, err)
			}
			stored(t, ask(t, s, false), archive)
			if left, _ := filepath.Glob(filepath.Join(s.dir, "partial", "*")); len(left) > 0 {
				t.Errorf("left in partial: %v", left)
			}
		})
	}
}

// TestLengthWithoutContent has a file of the right length with a hole in it, as after a power cut.
func TestLengthWithoutContent(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := []byte(zipOf(t, strings.Repeat("hello", 100)))
	clear(archive[40:60])
	first := granted(t, s, false)
	first.receive(t, string(archive), len(archive))
	if now, err := first.claim.Settle(t.Context(), "cut"); err != nil || now.State != StateLost {
		t.Errorf("settled as %+v, %v", now, err)
	}
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
			dir, _, err := s.Stage(call)
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

// die ends a host the way a kill does: its locks go, its files stay.
func die(t *testing.T, s *Store, a attempt) {
	t.Helper()
	if a.claim != nil {
		a.claim.Close()
	}
	dead := filepath.Join(s.dir, "staging", "host-1-dead")
	must(t, os.MkdirAll(dead, 0o700))
	must(t, os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600))
	must(t, os.Rename(a.dir, filepath.Join(dead, filepath.Base(a.dir))))
	must(t, os.Rename(a.dir+claimMark, filepath.Join(dead, filepath.Base(a.dir)+claimMark)))
}

// TestEveryCrashPoint has a host die after each step of a download, and another one, or the same one started again, find
// out what became of it.
func TestEveryCrashPoint(t *testing.T) {
	t.Parallel()
	archive := zipOf(t, "hello")
	half := archive[:len(archive)/2]
	steps := map[string]struct {
		until func(t *testing.T, a attempt)
		whole bool
		texts []string
	}{
		"claimed":            {func(*testing.T, attempt) {}, false, []string{"nothing of it arrived"}},
		"receiving nothing":  {func(t *testing.T, a attempt) { a.receive(t, "", len(archive)) }, false, []string{"nothing of it arrived"}},
		"received half":      {func(t *testing.T, a attempt) { a.receive(t, half, len(archive)) }, false, []string{fmt.Sprintf("%d of %d bytes", len(half), len(archive))}},
		"received all":       {func(t *testing.T, a attempt) { a.receive(t, archive, len(archive)) }, true, nil},
		"metadata written":   {func(t *testing.T, a attempt) { a.receive(t, archive, len(archive)); a.metadata(t, archive) }, true, nil},
		"stored, no journal": {func(t *testing.T, a attempt) { a.receive(t, archive, len(archive)); a.storeUnjournaled(t, archive) }, true, nil},
		"stored":             {func(t *testing.T, a attempt) { a.receive(t, archive, len(archive)); a.store(t, archive) }, true, nil},
	}
	for name, step := range steps {
		for _, finder := range []string{"running host", "next host"} {
			t.Run(name+", "+finder, func(t *testing.T) {
				t.Parallel()
				s := openStore(t, t.TempDir())
				other := openStore(t, s.dir)
				a := granted(t, s, false)
				step.until(t, a)
				die(t, s, a)
				if finder == "next host" {
					other = openStore(t, s.dir)
				}
				again := ask(t, other, false)
				if step.whole {
					stored(t, again, archive)
				} else {
					refused(t, again, append(step.texts, wayOn)...)
				}
			})
		}
	}
}

func (a attempt) metadata(t *testing.T, content string) {
	t.Helper()
	c := candidateOf(a.dir, content)
	r := a.claim.store.newRecord(c.Name, c.MediaType, c.Size, c.SHA256, c.Source)
	r.Claim = a.claim.key
	must(t, a.claim.store.writeMetadata(r))
}

func (a attempt) storeUnjournaled(t *testing.T, content string) {
	t.Helper()
	_, err := a.claim.store.adopt(candidateOf(a.dir, content), a.claim.key)
	must(t, err)
}

// TestTheNextHostConcludesByItself wants the archive whole in the store although nobody asks for it again.
func TestTheNextHostConcludesByItself(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	archive := zipOf(t, "hello")
	a := granted(t, s, false)
	a.receive(t, archive, len(archive))
	die(t, s, a)
	next := openStore(t, s.dir)
	for { // the test's own deadline ends what never comes
		all, err := next.List()
		must(t, err)
		if len(all) == 1 && all[0].OnceOnly() && all[0].Size == int64(len(archive)) {
			return
		}
		runtime.Gosched()
	}
}

// TestJournalTruncatedAtEveryByte never allows a second request, and loses nothing that is in the store.
func TestJournalTruncatedAtEveryByte(t *testing.T) {
	t.Parallel()
	archive := zipOf(t, "hello")
	for name, end := range map[string]func(t *testing.T, a attempt){
		"stored": func(t *testing.T, a attempt) {
			a.store(t, archive)
			a.claim.store.release(a.dir)
		},
		"lost": func(t *testing.T, a attempt) {
			must(t, os.Truncate(filepath.Join(a.dir, "part"), 20))
			_, err := a.claim.Settle(t.Context(), "cut")
			must(t, err)
			a.claim.store.release(a.dir)
		},
		"killed": func(t *testing.T, a attempt) {
			must(t, os.Truncate(filepath.Join(a.dir, "part"), 20))
			die(t, a.claim.store, a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, t.TempDir())
			before := granted(t, s, false) // a request that was free once must not be free again when the journal is cut
			must(t, before.claim.Release("HTTP 429"))
			before.claim.Close()
			a := granted(t, s, false)
			a.receive(t, archive, len(archive))
			end(t, a)
			path := s.journalPath(a.claim.key)
			whole, err := os.ReadFile(path)
			must(t, err)
			for n := range whole {
				must(t, os.WriteFile(path, whole[:n], 0o600))
				again := ask(t, s, false)
				if name == "stored" {
					stored(t, again, archive)
					continue
				}
				refused(t, again, wayOn)
				if kept, err := filepath.Glob(filepath.Join(s.dir, "partial", a.call+"-*")); err != nil || len(kept) != 1 {
					t.Fatalf("cut at %d, %v is kept, %v", n, kept, err)
				}
			}
		})
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

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","state":"claimed","call":"c","source":{"operation":"o"}}` + "\n" + `{"state":"receiving","length":5}` + "\n" + `{"state":"stored","uri":"artifact://x"}` + "\n"))
	f.Add([]byte(`{"state":"lost","kept":[{"path":"p","size":1}]}`))
	f.Add([]byte("{}\n\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		events := parseJournal(content)
		c := caseOf("k", events)
		if (c.State == StateDamaged) != (len(events) == 0) {
			t.Errorf("%d events are %s", len(events), c.State)
		}
		if c.State != StateDamaged && !slices.ContainsFunc(events, func(e event) bool { return e.State == StateClaimed }) {
			t.Errorf("a case without a claim is %s", c.State)
		}
		if c.Describe() == "" {
			t.Error("nothing is said")
		}
	})
}
