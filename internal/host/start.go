package host

import (
	"context"
	"slices"
	"strings"
	"time"

	"mcp-server/internal/pluginfolder"
)

// arrival is a plugin that has started, or has failed to.
type arrival struct {
	name  string
	offer offer
	err   error
}

// startPlugins launches every plugin at the same time. Those that are there when all are, or when the grace ends, are
// taken in sorted order, so that a name clash has the same winner every time; the others are taken in as they come.
func (h *Host) startPlugins(ctx context.Context, own *tenant, found []pluginfolder.Binary) {
	arrivals := make(chan arrival, len(found))
	for _, binary := range found {
		h.expect(binary.Name)
		h.binaries[binary.Name] = newBinary(binary)
		plugin := own.plugin(binary)
		h.starting.Go(func() {
			manifest, err := plugin.Start(ctx)
			arrivals <- arrival{name: binary.Name, offer: examine(binary.Name, plugin, manifest), err: err}
		})
	}
	grace := time.NewTimer(h.cfg.StartGrace)
	defer grace.Stop()
	var there []arrival
	for len(there) < len(found) {
		select {
		case a := <-arrivals:
			there = append(there, a)
			continue
		case <-grace.C:
			h.logger.Warn("some plugins are slow to start; their tools are added when they come")
		}
		break
	}
	slices.SortFunc(there, func(a, b arrival) int { return strings.Compare(a.name, b.name) })
	for _, a := range there {
		h.takeIn(ctx, a)
	}
	if late := len(found) - len(there); late > 0 {
		h.starting.Go(func() {
			for range late {
				h.takeIn(ctx, <-arrivals)
			}
		})
	}
}

// takeIn adds what a plugin offers, or reports why it is not there. One that was stopped has not failed.
func (h *Host) takeIn(ctx context.Context, a arrival) {
	switch {
	case a.err == nil:
		h.add(a.offer)
	case h.closing.Load() || ctx.Err() != nil:
		h.arrived(a.name)
	default:
		h.arrived(a.name)
		h.report(Problem{Plugin: a.name, Reason: a.err.Error()})
	}
}
