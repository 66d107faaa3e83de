package pluginfolder

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// copyOf puts a system's program under a path by renaming, as an upgrade does.
func copyOf(t *testing.T, program, path string) {
	t.Helper()
	source, err := exec.LookPath(program)
	if err != nil {
		t.Skip(err)
	}
	content, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", content, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestProgramIsWhatWasOpened runs the descriptor after another program has taken the path.
func TestProgramIsWhatWasOpened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tool")
	copyOf(t, "true", path)
	p := mustOpen(t, at(t, path))
	digest, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	copyOf(t, "false", path)
	run := func(path string) error {
		return (&exec.Cmd{Path: path, Args: []string{"tool"}, ExtraFiles: []*os.File{p.File}}).Run()
	}
	if err := run("/proc/self/fd/3"); err != nil { // in the child, before its exec
		t.Errorf("the opened program gives %v", err)
	}
	if err := run(path); err == nil {
		t.Error("the path still has the first program")
	}
	// The rename took a link away from the first file, which is a change of it. The content is the same.
	again, err := (&Program{Binary: Binary{Identity: identityNow(t, p)}, File: p.File}).Digest()
	if err != nil || again != digest {
		t.Errorf("its digest is %s, %v; was %s", again, err, digest)
	}
}

func identityNow(t *testing.T, p *Program) Identity {
	t.Helper()
	now, err := identify(p.File)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// TestUnchangedInPlace writes as many bytes as before, and sets the time back: the change time tells.
func TestUnchangedInPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tool")
	b := binary(t, path, "one")
	p := mustOpen(t, b)
	was := time.Unix(0, b.Identity.Modtime)
	for deadline, i := time.Now().Add(patience), 0; ; i++ {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(f, "%03d", i%1000)
		if err := errors.Join(err, f.Close(), os.Chtimes(path, was, was)); err != nil {
			t.Fatal(err)
		}
		if errors.Is(p.Unchanged(), ErrChanged) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a write in place is not noticed")
		}
	}
}

func TestOpenPipe(t *testing.T) {
	t.Parallel()
	b := binary(t, filepath.Join(t.TempDir(), "tool"), "one")
	if err := os.Remove(b.Path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(b.Path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(); err == nil {
		t.Error("a pipe is opened")
	}
}

func TestSettledWhileOpen(t *testing.T) {
	t.Parallel()
	b := binary(t, filepath.Join(t.TempDir(), "tool"), "one")
	for deadline := time.Now().Add(patience); !Settled(b); {
		if time.Now().After(deadline) {
			t.Fatal("the file does not settle")
		}
	}
	f, err := os.OpenFile(b.Path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	local := false
	if p := mustOpen(t, b); isLocal(int(p.File.Fd())) {
		local = true
	}
	if Settled(b) == local {
		t.Errorf("open for writing, it counts as settled: %v", !local)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if !Settled(b) {
		t.Error("closed again, it does not count as settled")
	}
}
