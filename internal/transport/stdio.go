// Package transport carries MCP between a host and its clients: standard input and output for editors, and a client's
// side of the same for our own commands. Start reading at [ServeStdio].
package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/host"
)

// The stock server runs 5 calls at a time unless told otherwise; these are its largest values.
const (
	concurrentCalls = 100
	queuedCalls     = 10_000
)

// ServeStdio speaks MCP on in and out until in ends or the context is done. Nothing else may write to out.
func ServeStdio(ctx context.Context, h *host.Host, in io.Reader, out io.Writer, logger *slog.Logger) error {
	s := server.NewStdioServer(h.MCP())
	server.WithErrorLogger(slog.NewLogLogger(logger.Handler(), slog.LevelWarn))(s)
	server.WithWorkerPoolSize(concurrentCalls)(s)
	server.WithQueueSize(queuedCalls)(s)
	err := s.Listen(ctx, in, out)
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
