//go:build unix

package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

func TestIdleStop(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{IdleTimeout: 50 * time.Millisecond})
	p := k.start("kitchen")
	pid := p.Status().PID
	eventually(t, "the idle process is gone", func() bool { return p.Status().State == StateIdle && gone(pid) })
	if s := p.Status(); s.Crashes != 0 || s.LastError != "" {
		t.Errorf("a wanted end left the status %+v", s)
	}
	mustCall[text](t, p, "echo", text{"a fresh one"})
	if s := p.Status(); s.Restarts != 1 {
		t.Errorf("the status is %+v", s)
	}
}

func TestIdleStopWaitsForCalls(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{IdleTimeout: time.Millisecond})
	p := k.Plugin(pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}, Known{})
	var calls sync.WaitGroup
	for range 4 { // each call may meet a process that is about to be stopped
		calls.Go(func() {
			for range 50 {
				if _, err := call(t.Context(), p, "echo", text{"x"}); err != nil {
					t.Errorf("a call beside idle stops: %v", err)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	calls.Wait()
	if s := p.Status(); s.Crashes != 0 || s.Replays != 0 {
		t.Errorf("the status is %+v", s)
	}
}

func TestRetire(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	pid := p.Status().PID
	ctx, cancel := context.WithCancel(t.Context())
	ended := running(ctx, t, p, "wait")
	p.Retire()
	p.Retire()
	if s := p.Status(); s.State != StateRetired || s.PID != pid {
		t.Errorf("the status is %+v", s)
	}
	_, err := call(t.Context(), p, "echo", text{"x"})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourceHost, "plugin kitchen has been replaced", "call again")
	if !errors.Is(err, ErrReplaced) || !errors.Is(err, ErrNotStarted) {
		t.Errorf("the cause is %v", sdk.AsError(err).Cause)
	}
	if gone(pid) {
		t.Error("the process is gone before its call")
	}
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	eventually(t, "the process is gone", func() bool { return gone(pid) })
	eventually(t, "the plugin is forgotten", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return len(k.plugins) == 0
	})
}

func TestRetireDuringTheStart(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{StartTimeout: time.Minute})
	p := k.Plugin(pluginfolder.Binary{Name: "silent", Path: install(t, "silent")}, Known{})
	ended := make(chan error, 1)
	go func() {
		_, err := p.Start(t.Context())
		ended <- err
	}()
	eventually(t, "the start is under way", func() bool { return p.Status().State == StateStarting })
	p.Retire()
	if err := await(t, ended); !errors.Is(err, ErrReplaced) {
		t.Errorf("the start gives %v", err)
	}
}

func TestCloseEndsWhatIsRetired(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{StopTimeout: 100 * time.Millisecond})
	p := k.start("kitchen")
	ended := running(t.Context(), t, p, "stubborn")
	p.Retire()
	within(t, patience, "closing", k.Close)
	if err := await(t, ended); err == nil {
		t.Error("the call has a result")
	}
}

func TestIgnoredCancelReplacesTheProcess(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{CancelGrace: 50 * time.Millisecond})
	p := k.start("kitchen")
	pid := p.Status().PID
	other, finish := context.WithCancel(t.Context())
	defer finish()
	beside := running(other, t, p, "wait")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		_, err := p.Call(ctx, Request{Tool: "stubborn", CallID: "the-stubborn-one"}, pluginv1.Events{
			Progress: func(*pluginv1.Progress) { close(begun) },
		})
		ended <- err
	}()
	<-begun
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	k.log.await(t, "goes on with a call that was cancelled")
	mustCall[text](t, p, "echo", text{"from a fresh one"})
	if s := p.Status(); s.PID == pid || s.Crashes != 0 {
		t.Errorf("the status is %+v", s)
	}
	if gone(pid) {
		t.Error("the other call's process is gone")
	}
	finish()
	wantError(t, await(t, beside), sdk.CodeCanceled, sdk.SourceHost)
	eventually(t, "the replaced process is gone", func() bool { return gone(pid) })
}

func TestHeededCancelKeepsTheProcess(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{CancelGrace: time.Second})
	p := k.start("kitchen")
	pid := p.Status().PID
	ctx, cancel := context.WithCancel(t.Context())
	ended := running(ctx, t, p, "wait")
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	k.log.await(t, "the handler saw context canceled")
	proc, err := p.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.release(proc)
	eventually(t, "the plugin was asked", func() bool { // whether the call still runs
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(proc.abandoned) == 0
	})
	if p.Status().PID != pid {
		t.Error("the process was replaced")
	}
}
