//go:build unix

package supervisor

import (
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// elapse lets the breaker's pause be over.
func (p *Plugin) elapse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaker.until = time.Now()
}

func TestFailedStartsOpenTheBreaker(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	k := newKit(t, Config{BreakerOpened: func(string) { opened.Add(1) }})
	p := k.Plugin(pluginfolder.Binary{Name: "exits", Path: install(t, "exits")}, Known{})
	for range tolerated + 1 {
		_, err := call(t.Context(), p, "echo", text{"x"})
		wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "plugin exits did not start", "the frobnicator is missing")
	}
	_, err := call(t.Context(), p, "echo", text{"x"})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "plugin exits failed 3 times in a row", "the frobnicator is missing", "try again in 1s")
	if e := sdk.AsError(err); e.RetryAfter <= 0 || e.RetryAfter > time.Second {
		t.Errorf("try again after %s", e.RetryAfter)
	}
	if s := p.Status(); s.State != StateBroken || s.RetryAt.IsZero() || opened.Load() != 1 {
		t.Errorf("the status is %+v, opened %d times", s, opened.Load())
	}
	p.elapse()
	_, err = call(t.Context(), p, "echo", text{"x"})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "plugin exits did not start")
	_, err = call(t.Context(), p, "echo", text{"x"})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "failed 4 times", "try again in 2s")
}

func TestCrashesOpenTheBreaker(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	for range tolerated + 1 {
		_, err := call(t.Context(), p, "exit", number{1})
		wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "exit status 1")
		p.elapse()
	}
	if s := p.Status(); s.State != StateBroken || s.Crashes < tolerated+1 {
		t.Errorf("the status is %+v", s)
	}
	mustCall[text](t, p, "echo", text{"the trial"})
	if s := p.Status(); s.State != StateRunning {
		t.Errorf("the status after an answer is %+v", s)
	}
	for range 2 * tolerated { // each process has answered, so nothing is held against the next
		_, err := call(t.Context(), p, "exit", number{1})
		wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "exit status 1")
		mustCall[text](t, p, "echo", text{"x"})
	}
}

func TestKillsFromOutsideAreForgivenSoon(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	for range tolerated + 3 {
		pid := p.Status().PID
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the process is gone", func() bool { return p.Status().PID != pid })
		eventually(t, "it can be started again", func() bool { _, err := p.Start(t.Context()); return err == nil })
	}
	if pause := p.breaker.wait(time.Now()); pause > killedPause {
		t.Errorf("the pause is %s", pause)
	}
	if !strings.Contains(p.Status().LastError, "signal: killed") {
		t.Errorf("the last error is %q", p.Status().LastError)
	}
	mustCall[text](t, p, "echo", text{"x"})
}
