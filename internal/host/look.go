package host

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"mcp-server/internal/pluginfolder"
)

// look is what one look at the folder shows.
type look struct {
	found  []pluginfolder.Binary
	junk   []pluginfolder.Problem
	again  bool              // what failed before is tried again
	recall map[string]memory // by name; nil when nothing has been looked up yet
	err    error
}

// memory is what the cache knows of a binary.
type memory struct {
	item   *item // nil when it knows nothing
	failed bool  // it could not be described before
}

func (h *Host) look() (l look) {
	if l.found, l.junk, l.err = pluginfolder.Discover(h.cfg.PluginsDir); l.err == nil {
		changed := h.readLock()
		l.again = h.again.Swap(false) || changed
	}
	return l
}

// lookAhead is the first look, with what the cache knows of all that is there: it reads files, while the host makes the rest of itself.
// The function that it returns waits for it.
func (h *Host) lookAhead() func() look {
	seen := make(chan look, 1)
	go func() { // ends with the reading
		l := h.look()
		l.recall = h.recall(l.found)
		seen <- l
	}()
	return func() look { return <-seen }
}

// recall looks binaries up in the cache, several at a time.
func (h *Host) recall(binaries []pluginfolder.Binary) map[string]memory {
	memories := make([]memory, len(binaries))
	var next atomic.Int64
	var readers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(binaries)) {
		readers.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(binaries)); n = next.Add(1) - 1 {
				memories[n] = h.remembered(binaries[n])
			}
		})
	}
	readers.Wait()
	byName := make(map[string]memory, len(binaries))
	for n, b := range binaries {
		byName[b.Name] = memories[n]
	}
	return byName
}

// sort tells the binaries of which nothing is known from those that the cache knows. What has not changed is in neither.
func (h *Host) sort(l look) (kept []*item, unknown []*inquiry) {
	fresh := h.fresh(l.found, l.again)
	recall := l.recall
	if recall == nil {
		recall = h.recall(fresh)
	}
	for _, b := range fresh {
		if m := recall[b.Name]; m.item != nil {
			kept = append(kept, m.item)
		} else {
			unknown = append(unknown, &inquiry{binary: b, hopeless: m.failed})
		}
	}
	return kept, unknown
}

// fresh are the binaries that are new or have changed. What failed before is tried again only when that is asked for.
func (h *Host) fresh(found []pluginfolder.Binary, again bool) []pluginfolder.Binary {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(found), func(b pluginfolder.Binary) bool {
		before, asked := h.shelf.items[b.Name], h.shelf.asked[b.Name]
		switch {
		case asked != nil && asked.binary == b:
		case before != nil && before.attached: // a debugger has it
		case b.Name == ownName: // a problem
		case before != nil && before.refused == "" && h.sameContent(before, b) && h.accepts(before) == nil:
		case before != nil && before.binary == b && before.refused != "" && !again:
		default:
			return false
		}
		return true
	})
}

// sameContent reports whether a file is what it was: times and links of a file change without its content, as in a backup.
func (h *Host) sameContent(it *item, b pluginfolder.Binary) bool {
	if it.binary == b {
		return true
	}
	if it.binary.Path != b.Path || it.binary.Identity.Size != b.Identity.Size || it.known.SHA256 == "" {
		return false
	}
	program, err := b.Open()
	if err != nil {
		return false
	}
	defer program.Close()
	sum, err := h.digests.Of(program)
	return err == nil && sum == it.known.SHA256
}
