package main

import (
	"log/slog"

	"github.com/spf13/cobra"

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
				return transport.ServeStdio(c.Context(), h, std.in, std.out, logger)
			})
		},
	}
	addStoreFlags(c.Flags(), s)
	addEmulatorFlag(c, s)
	return c
}

// noArguments refuses stray words with the exit code of a wrong command line.
func noArguments(c *cobra.Command, args []string) error {
	if err := cobra.NoArgs(c, args); err != nil {
		return usageError{err}
	}
	return nil
}
