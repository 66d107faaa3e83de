// Command bench measures the host beside an in-process mcp-go server, in one interleaved run on one machine:
//
//	go run ./bench            start to tools/list with the five plugins, and one call's median through a plugin
//
// Only the ratios carry over to other machines. Start reading at measure.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 15, "how often each server is started")
	calls := flag.Int("calls", 400, "calls per round")
	flag.Parse()
	if err := measure(*rounds, *calls); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// samples are the times of one server.
type samples struct{ start, call []time.Duration }

func measure(rounds, calls int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, args := range [][]string{
		{"run", "./internal/build", "-o", dir},
		{"build", "-o", filepath.Join(dir, "inprocess"), "./bench/inprocess"},
		{"build", "-o", filepath.Join(dir, "echo", "echo"), "./bench/echo"},
	} {
		if out, err := exec.CommandContext(context.Background(), "go", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("building: %w\n%s", err, out)
		}
	}
	host := filepath.Join(dir, "mcp-server")
	floor, five, one := samples{}, samples{}, samples{}
	for range rounds {
		for _, m := range []struct {
			into  *samples
			calls int
			args  []string
		}{
			{&floor, calls, []string{filepath.Join(dir, "inprocess")}},
			{&five, 0, []string{host, "serve", "--data-dir", filepath.Join(dir, "data")}},
			{&one, calls, []string{host, "serve", "--data-dir", filepath.Join(dir, "data"), "--plugins", filepath.Join(dir, "echo")}},
		} {
			if err := m.into.round(m.args, m.calls); err != nil {
				return fmt.Errorf("%s: %w", m.args[0], err)
			}
		}
	}
	fmt.Printf("%s/%s, %d CPUs, %s; %d rounds of %d calls, medians\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), rounds, calls)
	row("start to tools/list, 5 plugins", floor.start, five.start)
	row("start to tools/list, 1 plugin", floor.start, one.start)
	row("one call", floor.call, one.call)
	return nil
}

func row(what string, floor, ours []time.Duration) {
	f, o := median(floor), median(ours)
	fmt.Printf("%-32s in-process %8s   host %8s   ratio %.2f\n",
		what, f.Round(time.Microsecond), o.Round(time.Microsecond), float64(o)/float64(f))
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
