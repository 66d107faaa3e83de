package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"

	"mcp-server/internal/host"
	"mcp-server/internal/telemetry"
	"mcp-server/internal/web"
	"mcp-server/sdk"
)

// serveHTTP serves until the context ends, and then drains. The log is at info unless its level was given: whoever runs a
// server for others wants a line per call.
func serveHTTP(ctx context.Context, s *settings, f serveFlags, std streams, chatty bool) error {
	signals := hangups()
	p, err := f.hosting("http")
	if err != nil {
		return err
	}
	p.prometheus, p.publicURL = true, f.publicURL
	if chatty && os.Getenv("MCP_SERVER_LOG_LEVEL") == "" {
		p.logLevel = "info"
	}
	early, flush, err := newLogger(std.err, cmp.Or(p.logLevel, s.logLevel)) // the access file's for as long as it serves
	if err != nil {
		return err
	}
	defer flush()
	if p.gate, err = f.openAccess(early); err != nil {
		return err
	}
	if _, err := newWebServer(f.webConfig(http.NotFoundHandler(), p.gate, early)); err != nil {
		return err // before plugins are started for nothing
	}
	// The plugins outlive the signal: requests that run are given time to end.
	return withHostOf(context.WithoutCancel(ctx), s, p, std, func(h *host.Host, logger *slog.Logger) error {
		return runWeb(ctx, f, p, signals, h, logger)
	})
}

func runWeb(ctx context.Context, f serveFlags, p *hosting, signals <-chan os.Signal, h *host.Host, logger *slog.Logger) error {
	t, err := newTransport(h, logger)
	if err != nil {
		return err
	}
	c := f.webConfig(t.Handler(), p.gate, logger)
	c.Artifacts, c.Metrics, c.Ready = storedFiles{h}, p.metrics.Handler(), readiness(h, p.trail)
	c.Refused = func(r web.Refusal) { p.metrics.Refused(r.Reason) }
	c.Observe = func(o web.Observation) {
		p.metrics.HTTPRequest(telemetry.HTTPRequest{Method: o.Method, Route: o.Route, Status: o.Status, Duration: o.Took})
	}
	c.OnDrain = func(ctx context.Context) { _ = t.Shutdown(ctx) } // what it cut, the server says
	server, err := newWebServer(c)
	if err != nil {
		return err
	}
	if err := server.Listen(ctx); err != nil {
		return err
	}
	defer keepAccess(p.gate, signals, h, logger)()
	defer watch(ctx, h)()
	about := []any{"address", server.Addr().String(), "path", "/mcp", "tools", len(h.Tools()), "left_out", len(h.Problems())}
	if beside := server.MetricsAddr(); beside != nil {
		about = append(about, "metrics", beside.String())
	}
	logger.Info("serving on HTTP", about...)
	return server.Run(ctx)
}

// storedFiles are the host's artifacts as the web server wants them.
type storedFiles struct{ host *host.Host }

// Open opens a file for the context's caller.
func (s storedFiles) Open(ctx context.Context, id, name string) (web.Artifact, error) {
	file, r, err := s.host.OpenArtifact(ctx, "artifact://"+id+"/"+url.PathEscape(name))
	if err != nil {
		if sdk.AsError(err).Source == sdk.SourceArgument {
			err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		return web.Artifact{}, err
	}
	return web.Artifact{Content: file, Name: r.Name, MediaType: r.MediaType, SHA256: r.SHA256, ModTime: r.StoredAt}, nil
}
