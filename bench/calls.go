package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"
)

// samples are the times of one server.
type samples struct{ start, call []time.Duration }

// measureCalls starts the in-process server, the host with the five plugins and the host with the echo plugin in turn.
func measureCalls(out io.Writer, rounds, calls int) error {
	dir, remove, err := buildAside()
	if err != nil {
		return err
	}
	defer remove()
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
	_, err = fmt.Fprintf(out, "%s; %d rounds of %d calls, medians\n\n%s%s%s", about(), rounds, calls,
		row("start to tools/list, 5 plugins", floor.start, five.start),
		row("start to tools/list, 1 plugin", floor.start, one.start),
		row("one call", floor.call, one.call))
	return err
}

// round starts a server, notes the time to the answer of tools/list, calls the echo tool and stops the server.
func (s *samples) round(args []string, calls int) (err error) {
	begin := time.Now()
	server, err := open(args, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	if _, err := server.ask("tools/list", ""); err != nil {
		return err
	}
	s.start = append(s.start, time.Since(begin))
	for range calls {
		at := time.Now()
		if _, err := server.call(echoName+"_echo", `{"text":"the quick brown fox jumps over the lazy dog"}`); err != nil {
			return err
		}
		s.call = append(s.call, time.Since(at))
	}
	return nil
}

func row(what string, floor, ours []time.Duration) string {
	f, o := median(floor), median(ours)
	return fmt.Sprintf("%-32s in-process %8s   host %8s   ratio %.2f\n",
		what, f.Round(time.Microsecond), o.Round(time.Microsecond), float64(o)/float64(f))
}

func median[T time.Duration | float64](list []T) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
