package plugintest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
)

// Sent counts the requests to the emulator whose path has the part.
func (h *Host) Sent(part string) int {
	n := 0
	for _, r := range h.Cloud.Requests() {
		if strings.Contains(r.Path, part) {
			n++
		}
	}
	return n
}

// CanceledAt returns a context that is cancelled as soon as the emulator has a request whose path has the part.
func (h *Host) CanceledAt(t *testing.T, part string) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var watcher sync.WaitGroup
	watcher.Go(func() {
		defer cancel()
		_ = huaweicloud.Poll(ctx, time.Millisecond, time.Millisecond, func(context.Context) (bool, error) { return h.Sent(part) > 0, nil })
	})
	t.Cleanup(watcher.Wait)
	return ctx
}
