//go:build unix

package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

func TestStartDescribes(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.Plugin(pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}, Known{})
	if s := p.Status(); s.State != StateIdle || s.PID != 0 {
		t.Errorf("the status before the start is %+v", s)
	}
	m, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "kitchen" || len(m.Tools) == 0 || m.Tools[0].InputSchema == nil {
		t.Errorf("the manifest is %+v", m)
	}
	if s := p.Status(); s.State != StateRunning || s.PID == 0 || s.Restarts != 0 || s.LastError != "" || s.Since.IsZero() {
		t.Errorf("the status is %+v", s)
	}
	pid := p.Status().PID
	if _, err := p.Start(t.Context()); err != nil || p.Status().PID != pid {
		t.Errorf("a second start changed the process or failed: %v", err)
	}
}

func TestStartFailures(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"exits":    {"plugin exits did not start", "exit status 3", "the frobnicator is missing", "describe"},
		"panics":   {"exit status 2", "panic: at once"},
		"ends":     {"it ended before it was ready (exit status 0)"},
		"silent":   {"it was not ready within 3s and has been killed"},
		"stops":    {"it was not ready within 3s and has been killed"},
		"version9": {"ncompatible API version"},
		"stranger": {"it listens on an address that is not in its private folder"},
		"nobody":   {"did not start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, Config{StartTimeout: 3 * time.Second})
			p := k.Plugin(pluginfolder.Binary{Name: name, Path: install(t, name)}, Known{})
			within(t, patience, "the start", func() {
				_, err := p.Start(t.Context())
				e, ok := errors.AsType[*sdk.Error](err)
				if !ok {
					t.Errorf("the error is %v (%T)", err, err)
					return
				}
				wantError(t, err, e.Code, sdk.SourcePlugin, want...)
			})
			if s := p.Status(); s.State != StateIdle || s.LastError == "" {
				t.Errorf("the status is %+v", s)
			}
			if left := list(t, k.homePath()); len(left) != 1 { // the lock
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestStartOfWhatIsNoProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		syscall.ForkLock.RLock() // a process forked now would hold the file open for writing, which forbids to run it
		defer syscall.ForkLock.RUnlock()
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	k := newKit(t, Config{})
	for _, test := range []struct{ name, path, want string }{
		{"text", write("text", "hello, I am a text\n"), "is not a program for"},
		{"empty", write("empty", ""), "is not a program for"},
		{"script", write("script", "#!/no/such/interpreter\n"), "does not exist"},
		{"absent", filepath.Join(dir, "absent"), "does not exist"},
		{"folder", dir, "cannot be run"},
		{"true", "/bin/true", "it ended before it was ready (exit status 0)"},
	} {
		_, err := k.Plugin(pluginfolder.Binary{Name: test.name, Path: test.path}, Known{}).Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "plugin "+test.name) {
			t.Errorf("%s: the error is %v; want %q in it", test.name, err, test.want)
		}
	}
}

func TestNoiseBeforeTheHandshake(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("noisy")
	if got := mustCall[text](t, p, "echo", text{"still here"}); got.Text != "still here" {
		t.Errorf("got %q", got.Text)
	}
	p.Stop(t.Context())
	k.log.wantTidyLog(t)
}

func TestNoiseDuringACall(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	within(t, patience, "the noise", func() { mustCall[text](t, p, "noise", none{}) })
	mustCall[text](t, p, "echo", text{"still here"})
	k.log.await(t, `"msg":"42"`)
	p.Stop(t.Context())
	k.log.wantTidyLog(t)
}

func TestManyStartsAtOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{StartTimeout: time.Minute})
	var starts sync.WaitGroup
	const plugins = 8
	for i := range plugins {
		name := fmt.Sprintf("kitchen-%d", i)
		p := k.Plugin(pluginfolder.Binary{Name: name, Path: install(t, name)}, Known{})
		for range 2 {
			starts.Go(func() {
				if _, err := p.Start(t.Context()); err != nil {
					t.Errorf("starting %s: %v", name, err)
				}
			})
		}
	}
	starts.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	seen := map[int]bool{}
	for _, p := range k.plugins {
		seen[p.Status().PID] = true
	}
	if len(seen) != plugins {
		t.Errorf("%d processes run; want %d", len(seen), plugins)
	}
}
