package host

import (
	"context"
	"sync"
)

// warm starts processes before their first call, when that is wanted.
func (h *Host) warm(ctx context.Context) {
	start := func() {
		h.mu.RLock()
		items := h.shelf.sorted()
		h.mu.RUnlock()
		own := h.ownTenant()
		var all sync.WaitGroup
		for _, it := range items {
			if it.binary.Path == "" || it.refused != "" {
				continue
			}
			all.Go(func() {
				if _, err := own.plugin(it).Start(ctx); err != nil && ctx.Err() == nil && !h.closing.Load() {
					h.logger.Warn("a plugin did not start; its next call tries again", "plugin", it.name, "err", err)
				}
			})
		}
		all.Wait()
	}
	switch h.cfg.Plugins.Start {
	case StartEager:
		start()
	case StartBackground:
		h.starting.Go(start)
	}
}
