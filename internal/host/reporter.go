package host

import (
	"context"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// progressInterval keeps a busy tool from filling the client's queue; the latest report wins.
const progressInterval = 50 * time.Millisecond

// reporter sends the progress of one call to the client that asked for it. Its methods are called from one goroutine at
// a time: the call's events, then the end.
type reporter struct {
	server  *server.MCPServer
	token   mcp.ProgressToken
	sent    time.Time
	pending *Progress
}

func newReporter(s *server.MCPServer, meta *mcp.Meta) *reporter {
	r := &reporter{server: s}
	if meta != nil {
		r.token = meta.ProgressToken
	}
	return r
}

func (r *reporter) report(ctx context.Context, p Progress) {
	r.pending = &p
	if time.Since(r.sent) >= progressInterval {
		r.flush(ctx)
	}
}

// flush sends what is held back. A client that cannot take it loses a progress report and nothing else.
func (r *reporter) flush(ctx context.Context) {
	if r.token == nil || r.pending == nil {
		return
	}
	params := map[string]any{"progressToken": r.token, "progress": r.pending.Done, "message": r.pending.Message}
	if r.pending.Total > 0 {
		params["total"] = r.pending.Total
	}
	_ = r.server.SendNotificationToClient(ctx, "notifications/progress", params)
	r.pending, r.sent = nil, time.Now()
}
