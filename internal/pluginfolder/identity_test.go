package pluginfolder

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func mustOpen(t *testing.T, b Binary) *Program {
	t.Helper()
	p, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestOpenChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := binary(t, filepath.Join(dir, "tool"), "one")
	unknown := b
	unknown.Identity = Identity{}
	if p := mustOpen(t, unknown); p.Identity != b.Identity {
		t.Errorf("whatever is there has the identity %+v, want %+v", p.Identity, b.Identity)
	}
	p := mustOpen(t, b)
	binary(t, b.Path, "longer")
	if _, err := b.Open(); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that was written to gives %v", err)
	}
	if err := p.Unchanged(); !errors.Is(err, ErrChanged) {
		t.Errorf("an open file that was written to gives %v", err)
	}
	if _, err := p.Digest(); !errors.Is(err, ErrChanged) {
		t.Errorf("its digest gives %v", err)
	}
	if _, err := new(Digests).Of(p); !errors.Is(err, ErrChanged) {
		t.Errorf("its remembered digest gives %v", err)
	}
	if _, err := (Binary{Path: dir}).Open(); err == nil {
		t.Error("a folder is opened")
	}
	if _, err := (Binary{Path: filepath.Join(dir, "none")}).Open(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

const digestOfOne = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"

func TestDigests(t *testing.T) {
	t.Parallel()
	p := mustOpen(t, binary(t, filepath.Join(t.TempDir(), "tool"), "one"))
	young, d := &Digests{now: func() time.Time { return time.Unix(0, p.Identity.Modtime) }}, &Digests{now: later}
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			for _, digests := range []*Digests{young, d} {
				if got, err := digests.Of(p); got != digestOfOne || err != nil {
					t.Errorf("the digest is %q, %v", got, err)
				}
			}
		})
	}
	asking.Wait()
	if len(young.known) != 0 || len(d.known) != 1 {
		t.Errorf("%d young and %d aged files are remembered", len(young.known), len(d.known))
	}
	d.known[digestKey{p.Path, p.Identity}].digest = "remembered"
	if got, _ := d.Of(p); got != "remembered" {
		t.Errorf("the file was read again: %s", got)
	}
}

func TestDigestsForget(t *testing.T) {
	t.Parallel()
	d := &Digests{now: later}
	p := mustOpen(t, binary(t, filepath.Join(t.TempDir(), "tool"), "one"))
	for range maxDigests + 10 {
		p.Path += "x" // another file, for all that it knows
		if _, err := d.Of(p); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.known) > maxDigests {
		t.Errorf("%d digests are remembered", len(d.known))
	}
	failing := &digesting{done: make(chan struct{})}
	key := digestKey{path: "p"}
	d.known[key] = failing
	d.forget(key, &digesting{})
	if d.known[key] != failing {
		t.Error("another reading was forgotten")
	}
	if d.forget(key, failing); d.known[key] != nil {
		t.Error("the reading is still remembered")
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	b := binary(t, filepath.Join(t.TempDir(), "tool"), "one")
	for deadline := time.Now().Add(time.Minute); !Settled(b); {
		if time.Now().After(deadline) {
			t.Fatal("the file does not settle")
		}
	}
	other := b
	other.Identity.Size++
	if Settled(other) {
		t.Error("another file than was found counts as settled")
	}
	other.Path += "2"
	if Settled(other) {
		t.Error("a missing file counts as settled")
	}
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes(b.Path, future, future); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !Settled(at(t, b.Path)); {
		if time.Now().After(deadline) {
			t.Fatal("a file of the future does not settle")
		}
	}
}

func TestDiscoverPassesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.exe", LockName, "b.exe.tmp", "c.exe.part", "d.exe~", ".e.exe"} {
		binary(t, filepath.Join(dir, name), "")
	}
	found, problems, err := Discover(dir)
	if err != nil || len(problems) != 0 || len(found) != 1 || found[0].Name != "a" {
		t.Errorf("found %v, %v, %v", found, problems, err)
	}
	if !strings.HasSuffix(found[0].Path, "a.exe") {
		t.Errorf("its path is %q", found[0].Path)
	}
}

func BenchmarkDigestsOf(b *testing.B) {
	one, err := binary(b, filepath.Join(b.TempDir(), "tool"), "one").Open()
	if err != nil {
		b.Fatal(err)
	}
	defer one.Close()
	d := Digests{now: later}
	for b.Loop() {
		if _, err := d.Of(one); err != nil {
			b.Fatal(err)
		}
	}
}
