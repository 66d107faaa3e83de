package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"mcp-server/internal/pluginfolder"
)

// lockState is the lock file as it was last read. With an error nothing may run.
type lockState struct {
	lock *pluginfolder.Lock
	err  error
}

// scan brings what is offered up to what the folder holds. It returns when every new binary has described itself or failed to,
// or the grace is over; what comes later is taken in then.
func (h *Host) scan(ctx context.Context, grace time.Duration) error {
	h.scanning.Lock()
	defer h.scanning.Unlock()
	found, junk, err := pluginfolder.Discover(h.cfg.PluginsDir)
	if err != nil {
		return err
	}
	kept, unknown := h.sort(found, h.readLock() || h.again.Swap(false))
	h.update(func(s *shelf) {
		s.problems = problemsOf(h.cfg.PluginsDir, found, junk)
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
	if len(found) == 0 {
		all = append(all, Problem{Plugin: dir, Reason: "the folder holds no plugins; build them with `go run ./internal/build` or choose another with --plugins"})
	}
	return all
}

// sort tells the binaries of which nothing is known from those that the cache knows. What has not changed is in neither; what
// failed before is tried again only when that is asked for.
func (h *Host) sort(found []pluginfolder.Binary, again bool) (kept []*item, unknown []*inquiry) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, b := range found {
		before, asked := h.shelf.items[b.Name], h.shelf.asked[b.Name]
		switch {
		case asked != nil && asked.binary == b:
		case before != nil && before.attached: // a debugger has it
		case b.Name == ownName:
			h.logger.Error("left out", "plugin", b.Name, "reason", "the name is the server's own; call the file otherwise")
		case before != nil && before.binary == b && before.refused == "" && h.accepts(before) == nil:
		case before != nil && before.binary == b && before.refused != "" && !again:
		default:
			if it, known := h.remembered(b); known {
				kept = append(kept, it)
			} else {
				unknown = append(unknown, &inquiry{binary: b})
			}
		}
	}
	return kept, unknown
}

func (h *Host) lockFile() string {
	if h.cfg.Plugins.LockFile != "" {
		return h.cfg.Plugins.LockFile
	}
	return filepath.Join(h.cfg.PluginsDir, pluginfolder.LockName)
}

// readLock reports whether the lock file says something else than before.
func (h *Host) readLock() (changed bool) {
	if h.cfg.Plugins.IgnoreLock {
		return false
	}
	lock, err := pluginfolder.ReadLock(h.lockFile())
	if lock == nil && err == nil && h.cfg.Plugins.LockFile != "" { // somebody relies on it
		err = fmt.Errorf("there is no lock file %q, without which no plugin runs because it was named; write it with `mcp-server plugin lock`, or name none", h.cfg.Plugins.LockFile)
	}
	if err != nil {
		h.logger.Error("no plugin is run", "err", err)
	}
	before := h.lock.Swap(&lockState{lock, err})
	return before != nil && (!reflect.DeepEqual(before.lock, lock) || (before.err == nil) != (err == nil))
}

// accepts says why the lock file does not accept what is known of a binary.
func (h *Host) accepts(it *item) error {
	state := h.lock.Load()
	if state == nil || state.lock == nil && state.err == nil {
		return nil
	}
	if state.err != nil {
		return state.err
	}
	return errors.Join(state.lock.Check(it.name, it.known.SHA256), state.lock.CheckPermissions(it.name, it.known.Manifest.Permissions))
}

// admit is asked before every start of a process.
func (h *Host) admit(b pluginfolder.Binary, digest func() (string, error)) error {
	state := h.lock.Load()
	if state == nil || state.lock == nil && state.err == nil {
		return nil
	}
	if state.err != nil {
		return state.err
	}
	sum, err := digest()
	if err != nil {
		return fmt.Errorf("reading the plugin's file: %w", err)
	}
	return state.lock.Check(b.Name, sum)
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
	there := h.gather(arrivals, len(unknown), grace, others)
	if late := len(unknown) - len(there); late > 0 && grace > 0 {
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
const laggard = 300 * time.Millisecond

// gather returns what has arrived when all have, when the grace is over, or when those that are missing take three times as long as
// the others: one mute plugin is no reason to keep a client waiting. With others the rest is there already.
func (h *Host) gather(arrivals <-chan *inquiry, all int, grace time.Duration, others bool) (there []*inquiry) {
	begin := time.Now()
	patience := grace
	if others && !h.cfg.WaitForAll {
		patience = min(grace, laggard)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for len(there) < all {
		select {
		case q := <-arrivals:
			there = append(there, q)
			if q.answer.refused == "" && !h.cfg.WaitForAll {
				took := time.Since(begin)
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

// Watch keeps what is offered up to date until the context ends: with the folder and the lock file as they change, and when
// rescan says so, which also tries again what failed before.
func (h *Host) Watch(ctx context.Context, rescan <-chan os.Signal) {
	w := &pluginfolder.Watcher{Dir: h.cfg.PluginsDir, Lock: h.lockFile(), Logger: h.logger, Poll: pluginfolder.DefaultPoll}
	asked := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { h.post(ctx) })
	beside.Go(func() {
		for {
			select {
			case <-rescan:
				h.again.Store(true)
				select {
				case asked <- struct{}{}:
				case <-ctx.Done():
				}
			case <-ctx.Done():
				return
			}
		}
	})
	w.Run(ctx, asked, func() {
		if err := h.scan(ctx, 0); err != nil { // each plugin is taken in as it comes
			h.logger.Warn("the plugins folder cannot be read; what was found in it before stays", "err", err)
		}
	})
	beside.Wait()
}

// lookAgain is asked when a plugin did not start: was its file replaced a moment ago? Then the folder is read again.
func (h *Host) lookAgain(ctx context.Context, it *item) bool {
	if it.binary.Path == "" {
		return false
	}
	program, err := it.binary.Open()
	if err == nil {
		program.Close()
		return false
	}
	if !errors.Is(err, pluginfolder.ErrChanged) {
		return false
	}
	if err := h.scan(ctx, h.cfg.StartGrace); err != nil {
		return false
	}
	return !h.current(it)
}

// warm starts processes before their first call, when that is wanted.
func (h *Host) warm(ctx context.Context) {
	start := func() {
		h.mu.RLock()
		items := h.shelf.sorted()
		h.mu.RUnlock()
		own := h.ownTenant()
		for _, it := range items {
			if it.binary.Path != "" && it.refused == "" {
				if _, err := own.plugin(it).Start(ctx); err != nil && ctx.Err() == nil {
					h.logger.Warn("a plugin did not start; its next call tries again", "plugin", it.name, "err", err)
				}
			}
		}
	}
	switch h.cfg.Plugins.Start {
	case StartEager:
		start()
	case StartBackground:
		h.starting.Go(start)
	}
}
