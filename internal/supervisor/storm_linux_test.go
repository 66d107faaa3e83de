package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// storm is many calls, while the process is killed again and again.
type storm struct {
	answered, refused atomic.Int64
	longest           atomic.Int64 // nanoseconds between good answers of one caller
}

// call makes calls until the context ends; each must give an answer or a clear error.
func (s *storm) call(ctx context.Context, t *testing.T, p *Plugin) {
	last := time.Now()
	for ctx.Err() == nil {
		_, err := p.Call(t.Context(), Request{Tool: "echo", Arguments: json.RawMessage(`{"text":"x"}`), CallID: "c", Repeatable: true}, noEvents)
		if err == nil {
			s.answered.Add(1)
			if took := int64(time.Since(last)); took > s.longest.Load() {
				s.longest.Store(took)
			}
			last = time.Now()
			continue
		}
		s.refused.Add(1)
		if e := sdk.AsError(err); e.Code != sdk.CodeUnavailable || !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrNotStarted) && e.RetryAfter == 0 {
			t.Errorf("a call gives %v (%v)", err, e.Cause)
		}
		time.Sleep(5 * time.Millisecond) // as a client that is told to
	}
}

// TestKillStorm kills a process at random moments under load. MCP_SERVER_TEST_KILLS says how often.
func TestKillStorm(t *testing.T) {
	t.Parallel()
	kills := 50
	if _, err := fmt.Sscan(os.Getenv("MCP_SERVER_TEST_KILLS"), &kills); err != nil {
		t.Logf("killing %d times", kills)
	}
	k := newKit(t, Config{Launcher: launcher(t)})
	p := k.Plugin(pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}, Known{})
	mustCall[text](t, p, "echo", text{"warm"})
	var s storm
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() { s.call(ctx, t, p) })
	}
	for done := 0; done < kills; {
		time.Sleep(rand.N(40 * time.Millisecond))
		if pid := p.Status().PID; pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
			done++
		}
	}
	eventually(t, "a good call after the storm", func() bool { _, err := call(t.Context(), p, "echo", text{"x"}); return err == nil })
	cancel()
	callers.Wait()
	t.Logf("%d calls answered, %d refused; %+v; the longest way from one answer to the next was %s",
		s.answered.Load(), s.refused.Load(), p.Status(), time.Duration(s.longest.Load()))
	p.Stop(t.Context())
	if left, _ := filepath.Glob(k.homePath() + "/*"); len(left) != 1 { // the lock
		t.Errorf("left behind: %q", left)
	}
}

// TestNothingLeaks starts and ends processes in every way, and counts what this process holds.
func TestNothingLeaks(t *testing.T) { //nolint:paralleltest // it counts the descriptors of the whole process
	k := newKit(t, Config{IdleTimeout: time.Hour})
	cycle := func() {
		p := k.start("kitchen")
		mustCall[text](t, p, "echo", text{"x"})
		if _, err := call(t.Context(), p, "exit", number{1}); err == nil {
			t.Error("the call has a result")
		}
		mustCall[text](t, p, "echo", text{"x"})
		p.mu.Lock()
		p.part(p.current, 0)
		p.mu.Unlock()
		p.Retire()
		eventually(t, "the plugin is forgotten", func() bool {
			k.mu.Lock()
			defer k.mu.Unlock()
			return len(k.plugins) == 0
		})
	}
	cycle()
	before, goroutines := descriptors(t), runtime.NumGoroutine()
	for range 10 {
		cycle()
	}
	eventually(t, "no descriptor leaks", func() bool { return descriptors(t) <= before })
	eventually(t, "no goroutine leaks", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
