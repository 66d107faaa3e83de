package artifact

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

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

// TestNothingIsRemovedThatCannotBeKept has no room for what arrived but the call's folder.
func TestNothingIsRemovedThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	a := granted(t, s, false)
	a.receive(t, "half", 10)
	partial := filepath.Join(s.dir, "partial")
	must(t, os.Remove(partial))
	must(t, os.WriteFile(partial, nil, 0o600)) // in the folder's place
	if now, err := a.claim.Settle(t.Context(), "cut"); err == nil || !strings.Contains(err.Error(), a.dir) || now.State != StateReceiving {
		t.Errorf("settled as %+v, %v", now, err)
	}
	refused(t, ask(t, s, false), a.dir)
	s.release(a.dir)
	s.Close()
	s.sweep()
	if content, err := os.ReadFile(filepath.Join(a.dir, "part")); err != nil || string(content) != "half" {
		t.Fatalf("%q is left, %v", content, err)
	}
	must(t, os.Remove(partial))
	next := openStore(t, s.dir)
	refused(t, ask(t, next, false), "4 of 10 bytes are kept in "+filepath.Join(s.dir, "partial", a.call+"-a.zip"))
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
