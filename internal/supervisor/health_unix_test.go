//go:build unix

package supervisor

import (
	"context"
	"testing"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// impatient is for plugins that hang.
var impatient = Config{HealthInterval: 100 * time.Millisecond, HealthTimeout: 300 * time.Millisecond}

func TestHungProcessIsReplaced(t *testing.T) {
	t.Parallel()
	for name, repeatable := range map[string]bool{"replayed": true, "answered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, impatient)
			p, beside := k.start("kitchen"), k.start("kitchen-2")
			pid := p.Status().PID
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			begun, ended := make(chan struct{}, 2), make(chan error, 1)
			go func() {
				_, err := p.Call(ctx, Request{Tool: "wait", Repeatable: repeatable}, pluginv1.Events{
					Progress: func(*pluginv1.Progress) { begun <- struct{}{} },
				})
				ended <- err
			}()
			<-begun
			suspend(t, pid)
			mustCall[text](t, beside, "echo", text{"others are not affected"})
			if repeatable {
				<-begun // in a fresh process
				cancel()
				wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
			} else {
				wantError(t, await(t, ended), sdk.CodeUnavailable, sdk.SourcePlugin, "gave no sign of life and was killed")
			}
			mustCall[text](t, p, "echo", text{"x"})
			if s := p.Status(); s.PID == pid || s.Crashes != 1 || !gone(pid) {
				t.Errorf("the status is %+v", s)
			}
		})
	}
}

// TestSilentCallIsNoHang has a call that says nothing for many intervals, in a plugin that lives.
func TestSilentCallIsNoHang(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{HealthInterval: time.Millisecond})
	p := k.start("kitchen")
	pid := p.Status().PID
	ctx, cancel := context.WithCancel(t.Context())
	ended := running(ctx, t, p, "wait")
	proc, err := p.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // and is asked all the time
		if !p.alive(proc, 1) {
			t.Fatal("it counts as hung")
		}
	}
	p.release(proc)
	cancel()
	wantError(t, await(t, ended), sdk.CodeCanceled, sdk.SourceHost)
	if s := p.Status(); s.PID != pid || s.Crashes != 0 {
		t.Errorf("the status is %+v", s)
	}
	eventually(t, "nobody asks when nobody waits", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return !proc.minded
	})
}
