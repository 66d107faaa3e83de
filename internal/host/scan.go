package host

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"mcp-server/internal/pluginfolder"
)

// scan brings what is offered up to what the folder holds. It returns when every new binary has described itself or failed to,
// or the grace is over; what comes later is taken in then.
func (h *Host) scan(ctx context.Context, grace time.Duration) error {
	return h.scanOf(ctx, grace, h.look)
}

// scanOf is scan with what a look shows.
func (h *Host) scanOf(ctx context.Context, grace time.Duration, see func() look) error {
	if !h.occupy() {
		return nil
	}
	defer h.starting.Done()
	h.scanning.Lock()
	defer h.scanning.Unlock()
	seen := see()
	if seen.err != nil {
		return seen.err
	}
	found := seen.found
	kept, unknown := h.sort(seen)
	h.update(func(s *shelf) {
		s.problems = problemsOf(h.cfg.PluginsDir, found, seen.junk)
		for name, it := range s.items {
			if it.binary.Path != "" && !has(found, name) {
				delete(s.items, name)
			}
		}
		maps.DeleteFunc(s.asked, func(name string, _ *inquiry) bool { return !has(found, name) })
		for _, it := range kept {
			delete(s.asked, it.name)
			s.put(it)
		}
		for _, q := range unknown { // what is offered under the name stays until the answer is there
			s.asked[q.binary.Name] = q
		}
	})
	h.describeAll(ctx, unknown, grace, len(kept) > 0)
	return nil
}

func has(found []pluginfolder.Binary, name string) bool {
	return slices.ContainsFunc(found, func(b pluginfolder.Binary) bool { return b.Name == name })
}

func problemsOf(dir string, found []pluginfolder.Binary, junk []pluginfolder.Problem) []Problem {
	var all []Problem
	for _, p := range junk {
		all = append(all, Problem{Plugin: p.Name, Reason: p.Reason})
	}
	if has(found, ownName) {
		all = append(all, Problem{Plugin: ownName, Reason: "the name is the server's own; call the file otherwise"})
	}
	if len(found) == 0 {
		all = append(all, Problem{Plugin: dir, Reason: "the folder holds no plugins; build them with `go run ./internal/build` or choose another with --plugins"})
	}
	return all
}

// describeAll asks binaries what they are, some at a time. Those that are there when all are, or when the grace ends, are
// taken in sorted order, so that a name clash has the same winner every time; the others are taken in as they come.
func (h *Host) describeAll(ctx context.Context, unknown []*inquiry, grace time.Duration, others bool) {
	arrivals := make(chan *inquiry, len(unknown))
	turns := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	for _, q := range unknown {
		h.starting.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			q.answer = h.describe(ctx, q.binary)
			arrivals <- q
		})
	}
	there := h.gather(arrivals, unknown, grace, others)
	if late := len(unknown) - len(there); late > 0 && grace >= laggard { // who gives them less, waits for them elsewhere
		h.logger.Warn("some plugins are slow to describe themselves; their tools are added when they come", "plugins", late)
	}
	slices.SortFunc(there, func(a, b *inquiry) int { return strings.Compare(a.binary.Name, b.binary.Name) })
	h.takeIn(ctx, there...)
	if late := len(unknown) - len(there); late > 0 {
		h.starting.Go(func() {
			for range late {
				h.takeIn(ctx, <-arrivals)
			}
		})
	}
}

// laggard is how long a plugin may take that is slower than others before nobody waits for it any more.
const laggard = 1500 * time.Millisecond

// gather returns what has arrived when all have of which something can be hoped, when the grace is over, or when those that are missing
// take three times as long as the others: one mute plugin is no reason to keep a client waiting. With others the rest is there already.
func (h *Host) gather(arrivals <-chan *inquiry, unknown []*inquiry, grace time.Duration, others bool) (there []*inquiry) {
	hopes := 0
	for _, q := range unknown {
		if !q.hopeless || h.cfg.WaitForAll {
			hopes++
		}
	}
	begin, patience := time.Now(), grace
	if others && !h.cfg.WaitForAll {
		patience = min(grace, laggard)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for hopes > 0 {
		select {
		case q := <-arrivals:
			there = append(there, q)
			if !q.hopeless || h.cfg.WaitForAll {
				hopes--
			}
			if took := time.Since(begin); q.answer.refused == "" && !h.cfg.WaitForAll {
				timer.Reset(min(grace, max(laggard, 3*took)) - took)
			}
		case <-timer.C:
			return there
		}
	}
	return there
}

// takeIn takes in what binaries have said of themselves, unless something else is in their place by now. One that was stopped has not
// failed.
func (h *Host) takeIn(ctx context.Context, answered ...*inquiry) {
	ending := h.closing.Load() || ctx.Err() != nil
	h.update(func(s *shelf) {
		for _, q := range answered {
			if s.asked[q.binary.Name] != q {
				continue
			}
			delete(s.asked, q.binary.Name)
			if !ending || q.answer.refused == "" {
				s.put(q.answer)
			}
		}
	})
}
