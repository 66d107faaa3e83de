package host

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"mcp-server/internal/pluginfolder"
)

// watchAfter is a moment in which the first clients get their lists. What changes in it is seen after it.
const watchAfter = 500 * time.Millisecond

// Watch keeps what is offered up to date until the context ends: with the folder and the lock file as they change, and when
// rescan says so, which also tries again what failed before.
func (h *Host) Watch(ctx context.Context, rescan <-chan os.Signal) {
	select {
	case <-time.After(watchAfter):
	case <-ctx.Done():
		return
	}
	w := &pluginfolder.Watcher{Dir: h.cfg.PluginsDir, Lock: h.lockFile(), Logger: h.logger, Poll: pluginfolder.DefaultPoll}
	asked := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { h.post(ctx) })
	beside.Go(h.tellOfBounds)
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
	looking := context.WithoutCancel(ctx) // what is found is everybody's, and stays when this call is cancelled
	if err := h.scan(looking, h.cfg.StartGrace); err != nil {
		return false
	}
	return !h.current(it)
}
