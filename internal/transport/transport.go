// Package transport carries MCP between a host and its clients: standard input and output for editors, streamable HTTP
// for teams, and a client's side of the first for our own commands. Both transports speak every revision from 2024-11-05
// to 2026-07-28, the era chosen by each request, and have mcp-go's HandleMessage answer what they carry. Start reading
// at [Transport].
package transport

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
)

// Config says what a transport carries.
type Config struct {
	// MCP answers the messages.
	MCP *server.MCPServer
	// Tasks answers tasks/get, tasks/update and tasks/cancel; without it there are no such methods.
	Tasks Tasks
	// Logger gets what goes wrong on the way; nil discards it.
	Logger *slog.Logger
	// Normal gives a resource's URI the form in which it is compared; nil leaves it as it is.
	Normal func(uri string) string
	// MayRead reports whether the caller of the context may hear of a resource; nil lets everyone.
	MayRead func(ctx context.Context, uri string) bool
	// Limits bounds what clients can use; zero values are defaults.
	Limits Limits
}

// Transport carries MCP over any number of connections of either kind.
type Transport struct {
	cfg      Config
	mcp      *server.MCPServer
	logger   *slog.Logger
	workers  workers
	sessions sessionTable
	board    *board       // who hears of changes
	logged   atomic.Int64 // bytes in all event logs
	gate     gate         // the requests of HTTP
	memory   *memory      // what their messages take
	streams  gate         // the open streams of HTTP that wait for notifications
	serial   atomic.Int64

	mu       sync.Mutex
	draining bool
	stopping <-chan struct{} // closed when Shutdown begins
	stop     func()
	onStop   func(func()) (cancel func() bool) // calls the function when Shutdown begins
	onEnd    func(func()) (cancel func() bool) // calls the function when its patience is over
	end      func()
}

// hearer is who can subscribe to resources: a connection, or a listen stream.
type hearer interface {
	IsSubscribedToResource(uri string) bool
	// wants is asked about broadcasts.
	wants(method string) bool
	callerOf() access.Caller
	// deliver never waits.
	deliver(n mcp.JSONRPCNotification)
}

// New returns a transport. It does nothing until ServeStdio is called or its Handler is served.
func New(cfg Config) (*Transport, error) {
	if cfg.MCP == nil {
		return nil, errors.New("making a transport: Config.MCP is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Normal == nil {
		cfg.Normal = func(uri string) string { return uri }
	}
	if cfg.MayRead == nil {
		cfg.MayRead = func(context.Context, string) bool { return true }
	}
	cfg.Limits = cfg.Limits.withDefaults()
	t := &Transport{
		cfg: cfg, mcp: cfg.MCP, logger: cfg.Logger, workers: workers{jobs: make(chan func())},
		memory:  newMemory(cfg.Limits.MessageBytes),
		gate:    gate{most: cfg.Limits.InFlight, mostEach: cfg.Limits.InFlightPerCaller},
		streams: gate{most: cfg.Limits.Streams, mostEach: cfg.Limits.StreamsPerCaller},
	}
	t.sessions.t = t
	t.board = newBoard(t)
	stopping, stop := context.WithCancel(context.Background())
	ended, end := context.WithCancel(context.Background())
	t.stopping, t.stop, t.end = stopping.Done(), stop, end
	t.onStop = func(f func()) func() bool { return context.AfterFunc(stopping, f) }
	t.onEnd = func(f func()) func() bool { return context.AfterFunc(ended, f) }
	return t, nil
}

// ResourceUpdated tells every client that subscribed to the resource, and may read it, that it has changed. A client
// that does not keep up with its notifications may miss it.
func (t *Transport) ResourceUpdated(uri string) {
	uri = t.cfg.Normal(uri)
	for _, h := range t.board.those(func(h hearer) bool { return h.IsSubscribedToResource(uri) }) {
		if !t.cfg.MayRead(access.WithCaller(context.Background(), h.callerOf()), uri) {
			continue
		}
		h.deliver(mcp.JSONRPCNotification{
			JSONRPC: mcp.JSONRPC_VERSION,
			Notification: mcp.Notification{
				Method: mcp.MethodNotificationResourceUpdated,
				Params: mcp.NotificationParams{AdditionalFields: map[string]any{"uri": uri}},
			},
		})
	}
}
