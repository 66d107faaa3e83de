package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
	"mcp-server/internal/host"
	"mcp-server/internal/transport"
)

func newServeCommand(s *settings, std streams) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve MCP on standard input and output, for an editor or an assistant, or on HTTP for a team",
		Long: `Serve MCP on standard input and output, for an editor or an assistant; or with --http on streamable HTTP, for a team.

On HTTP beyond this machine every caller needs a token of the access file, or one of an OAuth issuer that it names;
see docs/http.md, mcp-server token new and mcp-server access check. There the log is at the level info unless --log-level or
MCP_SERVER_LOG_LEVEL says otherwise.`,
		Example: `  mcp-server serve
  mcp-server serve --read-only --allow-tool 'rfs_*'
  mcp-server serve --http 127.0.0.1:8080
  mcp-server serve --http 0.0.0.0:8443 --access access.yaml --tls-cert cert.pem --tls-key key.pem`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.http != "" {
				return serveHTTP(c.Context(), s, f, std, !c.Flags().Changed("log-level"))
			}
			return serveStdio(c.Context(), s, f, std)
		},
	}
	addServeFlags(c.Flags(), &f)
	addStoreFlags(c.Flags(), s)
	addProcessFlags(c.Flags(), &s.processes)
	addEmulatorFlag(c, s)
	return c
}

func serveStdio(ctx context.Context, s *settings, f serveFlags, std streams) error {
	if err := f.checkWithoutHTTP(); err != nil {
		return err
	}
	p, err := f.hosting("stdio")
	if err != nil {
		return err
	}
	return withHostOf(ctx, s, p, std, func(h *host.Host, logger *slog.Logger) error {
		logger.Info("serving on standard input and output", "tools", len(h.Tools()), "left_out", len(h.Problems()))
		t, err := newTransport(h, logger)
		if err != nil {
			return err
		}
		defer watch(ctx, h)()
		return t.ServeStdio(ctx, std.in, std.out)
	})
}

// newTransport carries what the host offers, and has it tell clients of the files it stores.
func newTransport(h *host.Host, logger *slog.Logger) (*transport.Transport, error) {
	t, err := transport.New(transport.Config{MCP: h.MCP(), Tasks: h, Logger: logger, Normal: artifact.NormalURI, MayRead: h.MayRead})
	if err != nil {
		return nil, err
	}
	h.OnResourceUpdated(t.ResourceUpdated)
	return t, nil
}

// noArguments refuses stray words with the exit code of a wrong command line.
func noArguments(c *cobra.Command, args []string) error {
	if err := cobra.NoArgs(c, args); err != nil {
		return usageError{err}
	}
	return nil
}
