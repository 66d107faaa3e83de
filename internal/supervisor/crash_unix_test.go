//go:build unix

package supervisor

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

func TestCrashDuringACall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tool string
		in   any
		want []string
	}{
		"exit":  {"exit", number{3}, []string{"plugin kitchen ended during the call (exit status 3)", "started again for the next call"}},
		"panic": {"panic_aside", none{}, []string{"exit status 2: panic: in a goroutine, with [redacted]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, Config{LookupEnv: env(map[string]string{"KITCHEN_SECRET": "hunter22"})})
			p := k.start("kitchen")
			pid := p.Status().PID
			_, err := call(t.Context(), p, test.tool, test.in)
			wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, test.want...)
			if s := p.Status(); s.State != StateIdle || s.PID != 0 || !strings.HasPrefix(s.LastError, "exit status") {
				t.Errorf("the status after the crash is %+v", s)
			}
			if strings.Contains(err.Error(), "goroutine 1") || strings.Contains(err.Error(), ".go:") {
				t.Errorf("the error holds a stack: %v", err)
			}
			mustCall[text](t, p, "echo", text{"again"})
			if s := p.Status(); s.State != StateRunning || s.PID == pid || s.Restarts != 1 {
				t.Errorf("the status after the next call is %+v", s)
			}
			if name == "panic" {
				k.log.await(t, `"level":"ERROR","msg":"panic: in a goroutine, with [redacted]"`)
			}
			if strings.Contains(k.log.String(), "hunter22") {
				t.Error("a secret is in the log")
			}
		})
	}
}

func TestKillAnswersEveryCall(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	pid := p.Status().PID
	var calls []<-chan error
	for range 20 {
		calls = append(calls, running(t.Context(), t, p, "stubborn"))
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, ended := range calls {
		wantError(t, await(t, ended), sdk.CodeUnavailable, sdk.SourcePlugin, "signal: killed")
	}
	var next sync.WaitGroup
	for range 20 {
		next.Go(func() {
			if _, err := call(t.Context(), p, "echo", text{"x"}); err != nil {
				t.Errorf("a call after the crash: %v", err)
			}
		})
	}
	next.Wait()
	if s := p.Status(); s.Restarts != 1 || s.PID == pid {
		t.Errorf("20 callers led to the status %+v; want one restart", s)
	}
	if n := strings.Count(k.log.String(), "the plugin started"); n != 2 {
		t.Errorf("the process was started %d times; want 2", n)
	}
	if n := strings.Count(k.log.String(), "the plugin ended; the next call starts it again"); n != 1 {
		t.Errorf("the crash was logged %d times", n)
	}
}

func TestPanicInAHandlerKeepsTheProcess(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	pid := p.Status().PID
	_, err := call(t.Context(), p, "panic", none{})
	wantError(t, err, sdk.CodeInternal, sdk.SourcePlugin, "other calls are not affected")
	mustCall[text](t, p, "echo", text{"x"})
	if p.Status().PID != pid {
		t.Error("the process was replaced")
	}
	k.log.await(t, `"msg":"the tool panicked"`)
}

func TestFailedRestartReachesTheCaller(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.Plugin(pluginfolder.Binary{Name: "exits", Path: install(t, "exits")}, Known{})
	_, err := call(t.Context(), p, "echo", text{"x"})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "plugin exits did not start", "the frobnicator is missing")
}

// TestGrandchild has a process that holds the plugin's output open: it must neither hide the plugin's end nor survive.
func TestGrandchild(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"crash", "stop"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, Config{})
			p := k.start("kitchen")
			grandchild := mustCall[number](t, p, "spawn", none{}).N
			if err := syscall.Kill(grandchild, 0); err != nil {
				t.Fatalf("the grandchild does not run: %v", err)
			}
			if end == "crash" {
				within(t, patience, "the call", func() {
					_, err := call(t.Context(), p, "exit", number{4})
					wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "exit status 4")
				})
			} else {
				within(t, patience, "the stop", func() { p.Stop(t.Context()) })
			}
			eventually(t, "the grandchild is gone", func() bool {
				return errors.Is(syscall.Kill(grandchild, 0), syscall.ESRCH) || gone(grandchild)
			})
		})
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	pid := p.Status().PID
	ended := running(t.Context(), t, p, "wait")
	p.Stop(t.Context())
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	if !gone(pid) {
		t.Error("the process still runs")
	}
	if left := list(t, k.homePath()); len(left) != 1 { // the lock
		t.Errorf("left behind: %q", left)
	}
	_, err := call(t.Context(), p, "echo", text{"x"})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourceHost, "plugin kitchen has been stopped")
	if strings.Contains(k.log.String(), "WARN") {
		t.Error("a wanted end was logged as a warning")
	}
	p.Stop(t.Context())
}

func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T, *Plugin) <-chan error{
		"stopped": func(t *testing.T, p *Plugin) <-chan error {
			ended := running(t.Context(), t, p, "stubborn")
			suspend(t, p.Status().PID)
			return ended
		},
		"stubborn": func(t *testing.T, p *Plugin) <-chan error { return running(t.Context(), t, p, "stubborn") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, Config{StopTimeout: 500 * time.Millisecond})
			p := k.start("kitchen")
			pid := p.Status().PID
			ended := prepare(t, p)
			within(t, 10*time.Second, "the stop", func() { p.Stop(t.Context()) })
			wantError(t, await(t, ended), sdk.CodeUnavailable, sdk.SourceHost, "has been stopped")
			if !gone(pid) {
				t.Error("the process still runs")
			}
		})
	}
}

func TestStopDuringTheStart(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{StartTimeout: time.Minute})
	p := k.Plugin(pluginfolder.Binary{Name: "silent", Path: install(t, "silent")}, Known{})
	ended := make(chan error, 1)
	go func() {
		_, err := p.Start(t.Context())
		ended <- err
	}()
	eventually(t, "the start is under way", func() bool { return len(list(t, k.homePath())) > 1 })
	within(t, patience, "the stop", func() { p.Stop(t.Context()) })
	wantError(t, await(t, ended), sdk.CodeUnavailable, sdk.SourceHost, "has been stopped")
}

func TestCallerLeavesDuringTheStart(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{StartTimeout: time.Minute})
	p := k.start("kitchen")
	slow := k.Plugin(pluginfolder.Binary{Name: "silent", Path: install(t, "silent")}, Known{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := slow.Start(ctx)
		ended <- err
	}()
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	mustCall[text](t, p, "echo", text{"others are not affected"})
}
