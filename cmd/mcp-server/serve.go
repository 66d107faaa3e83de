package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
	"mcp-server/internal/host"
	"mcp-server/internal/transport"
)

func newServeCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve MCP on standard input and output, for an editor or an assistant",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return withHost(c.Context(), s, std, func(h *host.Host, logger *slog.Logger) error {
				logger.Info("serving on standard input and output", "tools", len(h.Tools()), "left_out", len(h.Problems()))
				t, err := newTransport(h, logger)
				if err != nil {
					return err
				}
				return t.ServeStdio(c.Context(), std.in, std.out)
			})
		},
	}
	addStoreFlags(c.Flags(), s)
	addEmulatorFlag(c, s)
	return c
}

// newTransport carries what the host offers, and has it tell clients of the files it stores.
func newTransport(h *host.Host, logger *slog.Logger) (*transport.Transport, error) {
	t, err := transport.New(transport.Config{MCP: h.MCP(), Tasks: h, Logger: logger, Normal: artifact.NormalURI})
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
