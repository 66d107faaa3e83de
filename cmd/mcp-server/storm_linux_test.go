package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

var kills = flag.Int("kills", 100, "how often TestStorm kills a plugin")

// TestStorm kills a plugin at random moments under load: every call is answered, by a result or a clear error, a call that must not be
// repeated is never sent twice, the next call is good, and nothing is left behind.
func TestStorm(t *testing.T) {
	t.Parallel()
	h := startHazards(t, "hazard")
	h.mustEcho(t)
	descriptors := openDescriptors(t, h.process.Process.Pid)
	var load sync.WaitGroup
	var stop atomic.Bool
	var answers, errors, strange atomic.Int64
	const posting = 2 // workers whose calls must not be sent twice
	for worker := range 8 {
		load.Go(func() {
			for n := 0; !stop.Load(); n++ {
				tool, arguments := "hazard_echo", map[string]any{"text": "storm"}
				switch {
				case worker < posting:
					tool, arguments = "hazard_post", map[string]any{"text": fmt.Sprintf("%d-%d", worker, n)}
				case worker < 4:
					tool, arguments = "hazard_sleep", map[string]any{"n": 5}
				}
				r, err := h.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
				switch {
				case err != nil:
					strange.Add(1)
					t.Errorf("%s: %v", tool, err)
					return
				case !r.IsError:
					answers.Add(1)
				case strings.Contains(textOf(r), "ended during the call"), strings.Contains(textOf(r), "is not started again"), strings.Contains(textOf(r), "broke the connection"):
					errors.Add(1)
				default:
					strange.Add(1)
					t.Errorf("%s: %s", tool, textOf(r))
				}
			}
		})
	}
	recoveries := h.killOften(t)
	stop.Store(true)
	load.Wait()
	h.mustEcho(t)
	slices.Sort(recoveries)
	h.posts.Lock()
	defer h.posts.Unlock()
	for path, times := range h.posted { // each call has a path of its own
		if times != 1 {
			t.Errorf("the call of %s has posted %d times", path, times)
		}
	}
	if len(h.posted) == 0 || answers.Load() == 0 {
		t.Errorf("%d calls have posted, and %d were answered", len(h.posted), answers.Load())
	}
	t.Logf("%d kills, %d answers, %d clear errors, %d strange; %d posts arrived; next good call p50 %s p99 %s",
		*kills, answers.Load(), errors.Load(), strange.Load(), len(h.posted), recoveries[len(recoveries)/2], recoveries[len(recoveries)*99/100])
	waitFor(t, "the files of the server to be closed", func() bool { return openDescriptors(t, h.process.Process.Pid) <= descriptors+8 })
	if left, _ := filepath.Glob(filepath.Join(h.tempDir, "*", "*")); len(left) > 4 {
		t.Errorf("folders of ended processes are left: %v", left)
	}
	_ = h.Close()
	if entries, err := os.ReadDir(h.tempDir); err != nil || len(entries) > 0 {
		t.Errorf("the temporary folder holds %v, %v", entries, err)
	}
}

// killOften kills the plugin's process at random moments, and returns how long the next good call took each time.
func (h *hazards) killOften(t *testing.T) (recoveries []time.Duration) {
	t.Helper()
	for range *kills {
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		for _, pid := range childrenIn(t, h.process.Process.Pid, h.dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
		}
		begin := time.Now()
		for good := false; !good; {
			if time.Since(begin) > time.Minute {
				t.Fatal("no call succeeds any more")
			}
			r, err := h.CallTool(t.Context(), &mcp.CallToolParams{Name: "hazard_echo", Arguments: map[string]any{"text": "again"}})
			good = err == nil && !r.IsError
		}
		recoveries = append(recoveries, time.Since(begin))
	}
	return recoveries
}

func openDescriptors(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
