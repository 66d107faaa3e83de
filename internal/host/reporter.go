package host

import (
	"context"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"golang.org/x/time/rate"
)

// A busy tool must not fill the client's queue: after some reports in a row, one goes out in each interval, the latest.
const (
	progressInterval = 50 * time.Millisecond
	progressBurst    = 20
)

// reporter sends the progress and the log lines of one call to the client of the request that attends to it. Its methods
// are called by one goroutine at a time.
type reporter struct {
	notify  func(params map[string]any)
	say     func(mcp.LoggingMessageNotification)
	token   mcp.ProgressToken
	room    *rate.Limiter
	pending *Progress
}

// newReporter sends to the session that the request's context names. A client that cannot take it loses a report, and
// nothing else.
func newReporter(ctx context.Context, s *server.MCPServer, meta *mcp.Meta) *reporter {
	r := &reporter{
		room:   rate.NewLimiter(rate.Every(progressInterval), progressBurst),
		notify: func(params map[string]any) { _ = s.SendNotificationToClient(ctx, "notifications/progress", params) },
		say:    func(line mcp.LoggingMessageNotification) { _ = s.SendLogMessageToClient(ctx, line) },
	}
	if meta != nil {
		r.token = meta.ProgressToken
	}
	return r
}

func (r *reporter) report(p Progress) {
	r.pending = &p
	if r.room.Allow() {
		r.flush()
	}
}

// flush sends what is held back.
func (r *reporter) flush() {
	if r.token == nil || r.pending == nil {
		return
	}
	params := map[string]any{"progressToken": r.token, "progress": r.pending.Done, "message": r.pending.Message}
	if r.pending.Total > 0 {
		params["total"] = r.pending.Total
	}
	r.notify(params)
	r.pending = nil
}

// log sends a line of the tool's, if the client wants lines of its level.
func (r *reporter) log(level slog.Level, message string, attributes map[string]any) {
	data := any(message)
	if len(attributes) > 0 {
		data = map[string]any{"message": message, "attributes": attributes}
	}
	r.say(mcp.NewLoggingMessageNotification(loggingLevel(level), "", data))
}

func loggingLevel(level slog.Level) mcp.LoggingLevel {
	switch {
	case level < slog.LevelInfo:
		return mcp.LoggingLevelDebug
	case level < slog.LevelWarn:
		return mcp.LoggingLevelInfo
	case level < slog.LevelError:
		return mcp.LoggingLevelWarning
	}
	return mcp.LoggingLevelError
}
