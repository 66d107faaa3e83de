package host

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/supervisor"
)

// item is one plugin: its binary and what it offers. An item never changes; another one takes its place.
type item struct {
	name     string
	binary   pluginfolder.Binary
	known    supervisor.Known
	size     int // of the manifest, in bytes
	offer    offer
	process  process // answers instead of a process of its own; nil for a binary
	attached bool    // somebody else runs it, under a debugger
	order    int     // in which it came: the first that has a name keeps it
	refused  string  // why nothing of it is offered; empty otherwise
}

// inquiry is a binary that is being asked what it is.
type inquiry struct {
	binary   pluginfolder.Binary
	hopeless bool  // it has failed before, and nobody waits for it
	answer   *item // once it is there
}

// shelf holds the items, by name, the binaries that are being asked what they are, and what is wrong with files that are none.
type shelf struct {
	items    map[string]*item
	asked    map[string]*inquiry
	problems []Problem
	last     int
}

func newShelf() shelf {
	return shelf{items: map[string]*item{}, asked: map[string]*inquiry{}}
}

// put takes an item in, in the place of one of the same name if there is one.
func (s *shelf) put(it *item) {
	switch before := s.items[it.name]; {
	case before != nil && before.order > 0:
		it.order = before.order
	case it.refused == "":
		s.last++
		it.order = s.last
	}
	s.items[it.name] = it
}

// sorted are the items in the order in which they came; those that offer nothing yet are the last.
func (s *shelf) sorted() []*item {
	return slices.SortedFunc(maps.Values(s.items), func(a, b *item) int {
		if (a.order == 0) != (b.order == 0) {
			return cmp.Compare(b.order, a.order)
		}
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.name, b.name))
	})
}

// update changes what is on the shelf and brings clients and processes up to it. Changes are made one after the other.
func (h *Host) update(change func(*shelf)) {
	h.updating.Lock()
	defer h.updating.Unlock()
	h.mu.Lock()
	items, before := maps.Clone(h.shelf.items), h.catalog
	change(&h.shelf)
	h.catalog = build(&h.shelf, &before)
	after, now := h.catalog, maps.Clone(h.shelf.items)
	close(h.renewed)
	h.renewed = make(chan struct{})
	h.mu.Unlock()
	for name, it := range items {
		if now[name] != it {
			h.tenants.each(func(t *tenant) { t.retire(it) })
		}
	}
	h.publish(&before, &after)
	h.noteChange()
}

// add takes in what a plugin without a binary offers.
func (h *Host) add(o offer) {
	h.update(func(s *shelf) { s.put(&item{name: o.plugin, offer: o, process: o.process}) })
}

// report names something in the folder that is not used as a plugin.
func (h *Host) report(p ...Problem) {
	h.update(func(s *shelf) { s.problems = append(s.problems, p...) })
}

// current reports whether the item is still the plugin of its name.
func (h *Host) current(it *item) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.shelf.items[it.name] == it
}

// Await returns when a tool is there, or when no plugin is left that could still bring it, or the context ends.
func (h *Host) Await(ctx context.Context, tool string) {
	for {
		h.mu.RLock()
		_, known := h.catalog.tools[h.catalog.named(tool)]
		coming, renewed := len(h.catalog.starting) > 0, h.renewed
		h.mu.RUnlock()
		if known || !coming {
			return
		}
		select {
		case <-renewed:
		case <-ctx.Done():
			return
		}
	}
}
