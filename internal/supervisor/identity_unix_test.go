//go:build unix

package supervisor

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// copied returns a copy of the test binary in a folder of its own, as it is found there.
func copied(t *testing.T, name string) pluginfolder.Binary {
	t.Helper()
	dir := t.TempDir()
	copyTo(t, filepath.Join(dir, name))
	found, _, err := pluginfolder.Discover(dir)
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	return found[0]
}

func copyTo(t *testing.T, path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }() // only read
	writeProgram(t, path, from)
}

func digestOf(t *testing.T, b pluginfolder.Binary) string {
	t.Helper()
	program, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	sum, err := program.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestReplacedFileIsNotRun(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, path string){
		"renamed over": func(t *testing.T, path string) {
			copyTo(t, path+".new")
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		},
		"written to": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("x")
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := copied(t, "kitchen")
			k := newKit(t, Config{})
			p := k.Plugin(b, Known{})
			change(t, b.Path)
			for range tolerated + 2 {
				_, err := call(t.Context(), p, "echo", text{"x"})
				wantError(t, err, sdk.CodeUnavailable, sdk.SourceHost, "plugin kitchen has been re")
				if !errors.Is(err, ErrReplaced) || !errors.Is(err, ErrNotStarted) {
					t.Errorf("the cause is %v", sdk.AsError(err).Cause)
				}
			}
		})
	}
}

// TestWrittenDuringTheStart has the file change between its opening and the first call.
func TestWrittenDuringTheStart(t *testing.T) {
	t.Parallel()
	b := copied(t, "kitchen")
	asked := atomic.Bool{}
	k := newKit(t, Config{
		Admit: func(b pluginfolder.Binary, _ func() (string, error)) error { return os.Chmod(b.Path, 0o700) },
		LookupEnv: func(string) (string, bool) {
			asked.Store(true)
			return "", false
		},
	})
	_, err := call(t.Context(), k.Plugin(b, Known{}), "echo", text{"x"})
	if !errors.Is(err, ErrReplaced) || asked.Load() {
		t.Errorf("the call gives %v; the environment was read: %t", err, asked.Load())
	}
}

func TestKnownDigest(t *testing.T) {
	t.Parallel()
	b := copied(t, "kitchen")
	k := newKit(t, Config{})
	d, err := k.Describe(t.Context(), b)
	if err != nil || d.SHA256 != digestOf(t, b) || d.Manifest.Name != "kitchen" || len(d.Raw) == 0 {
		t.Fatalf("describing gives %+v, %v", d, err)
	}
	mustCall[text](t, k.Plugin(b, Known{Manifest: d.Manifest, SHA256: d.SHA256}), "echo", text{"x"})
	_, err = call(t.Context(), k.Plugin(b, Known{Manifest: d.Manifest, SHA256: strings.Repeat("0", 64)}), "echo", text{"x"})
	if !errors.Is(err, ErrReplaced) {
		t.Errorf("another digest gives %v", err)
	}
}

func TestKnownPluginIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	b := pluginfolder.Binary{Name: "undescribed", Path: install(t, "undescribed")}
	k := newKit(t, Config{})
	if _, err := k.Describe(t.Context(), b); err == nil || !strings.Contains(err.Error(), "nobody should have asked") {
		t.Errorf("describing gives %v", err)
	}
	known := Known{Manifest: sdk.Manifest{Name: "undescribed"}, SHA256: digestOf(t, b)}
	if m, err := k.Plugin(b, known).Start(t.Context()); err != nil || m.Name != "undescribed" {
		t.Errorf("the start gives %+v, %v", m, err)
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	b := copied(t, "kitchen")
	var refuse atomic.Bool
	digest := digestOf(t, b)
	k := newKit(t, Config{Admit: func(asked pluginfolder.Binary, read func() (string, error)) error {
		if sum, err := read(); err != nil || sum != digest || asked != b {
			t.Errorf("asked for %+v with %s, %v", asked, sum, err)
		}
		if refuse.Load() {
			return errors.New("it is not in the lock file; accept it")
		}
		return nil
	}})
	p := k.Plugin(b, Known{})
	refuse.Store(true)
	for range tolerated + 2 {
		_, err := call(t.Context(), p, "echo", text{"x"})
		wantError(t, err, sdk.CodeFailedPrecondition, sdk.SourceHost, "plugin kitchen is not run: it is not in the lock file; accept it")
	}
	refuse.Store(false)
	mustCall[text](t, p, "echo", text{"x"})
}

func TestScript(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "script")
	writeProgram(t, path, strings.NewReader("#!/bin/sh\nexec "+install(t, "kitchen")+"\n"))
	k := newKit(t, Config{})
	mustCall[text](t, k.Plugin(pluginfolder.Binary{Name: "script", Path: path}, Known{}), "echo", text{"x"})
}

// writeProgram writes an executable while no process is forked, which would hold it open and so keep it from being run.
func writeProgram(t *testing.T, path string, content io.Reader) {
	t.Helper()
	lockForks(func() {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
		if err == nil {
			_, err = io.Copy(f, content)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Error(err)
		}
	})
}
