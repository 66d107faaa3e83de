//go:build unix

package supervisor

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// TestReplay has a call that ends its process the first time, and succeeds the second.
func TestReplay(t *testing.T) {
	t.Parallel()
	yes, no := func() bool { return true }, func() bool { return false }
	for name, test := range map[string]struct {
		repeatable bool
		again      func() bool
		replays    int
	}{
		"repeatable":             {repeatable: true, replays: 1},
		"repeatable, asked":      {repeatable: true, again: yes, replays: 1},
		"repeatable, but not so": {repeatable: true, again: no},
		"not repeatable, begun":  {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told atomic.Int32
			k := newKit(t, Config{Replayed: func(string) { told.Add(1) }})
			p := k.start("kitchen")
			arguments, err := json.Marshal(text{filepath.Join(t.TempDir(), "marker")})
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Call(t.Context(), Request{
				Tool: "exit_once", Arguments: arguments, CallID: "c1", Repeatable: test.repeatable, Again: test.again,
			}, noEvents)
			if test.replays == 1 {
				if err != nil || string(out) != `{"text":"the second time"}` {
					t.Errorf("the call gives %s, %v", out, err)
				}
				k.log.await(t, "a call is sent once more")
			} else {
				wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "plugin kitchen ended during the call (exit status 5)")
				if !errors.Is(err, ErrInterrupted) {
					t.Errorf("the cause is %v", sdk.AsError(err).Cause)
				}
			}
			if s := p.Status(); s.Replays != test.replays || int(told.Load()) != test.replays {
				t.Errorf("the status is %+v, told %d times", s, told.Load())
			}
		})
	}
}

func TestReplayHappensOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	_, err := p.Call(t.Context(), Request{Tool: "exit", Arguments: json.RawMessage(`{"n":6}`), Repeatable: true}, noEvents)
	wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "exit status 6")
	if s := p.Status(); s.Replays != 1 || s.Crashes != 2 {
		t.Errorf("the status is %+v", s)
	}
}

// TestKilledWhileIdle kills a process that nobody calls: the next call must not notice, even if it came before the news.
func TestKilledWhileIdle(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	const kills = 10
	for range kills {
		mustCall[text](t, p, "echo", text{"before"})
		if err := syscall.Kill(p.Status().PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		begun := false
		if _, err := p.Call(t.Context(), Request{Tool: "echo", Arguments: json.RawMessage(`{"text":"after"}`)}, pluginv1.Events{
			Begun: func(*pluginv1.Begun) { begun = true },
		}); err != nil || !begun {
			t.Errorf("the call after the kill: %v, begun %t", err, begun)
		}
	}
	if s := p.Status(); s.Crashes != kills || s.Restarts != kills {
		t.Errorf("the status is %+v", s)
	}
}

func TestCompletionAfterAKill(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	for range 5 {
		if err := syscall.Kill(p.Status().PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.Complete(t.Context(), Completion{Name: "echo", Completion: sdk.Completion{Argument: "text"}}); err != nil {
			t.Errorf("the completion after the kill: %v", err)
		}
	}
}
