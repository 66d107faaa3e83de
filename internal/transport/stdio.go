// Package transport carries MCP between a host and its clients: standard input and output for editors, and a client's
// side of the same for our own commands. Start reading at [ServeStdio].
package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

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
	input := &endingReader{in: in, ended: make(chan struct{})}
	listened := make(chan error, 1)
	go func() { listened <- s.Listen(ctx, input, out) }() // ends with the input, or with the process while out blocks
	select {
	case err := <-listened:
		return withoutEnd(err)
	case <-input.ended:
	case <-ctx.Done():
	}
	select {
	case err := <-listened:
		return withoutEnd(err)
	case <-time.After(lastAnswers):
		return errors.New("the client does not read the answers")
	}
}

// lastAnswers is how long the end waits for answers that are being written.
const lastAnswers = 5 * time.Second

func withoutEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// endingReader tells when the input has ended.
type endingReader struct {
	in    io.Reader
	ended chan struct{}
	once  sync.Once
}

func (r *endingReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil {
		r.once.Do(func() { close(r.ended) })
	}
	return n, err
}
