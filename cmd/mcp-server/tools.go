package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mcp-server/internal/host"
)

func newToolsCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "tools [TOOL]",
		Short: "List the tools, or show one tool's full definition",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.MaximumNArgs(1)(c, args); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			s.startGrace, s.waitForAll = oneCallGrace, true
			return withHost(c.Context(), s, std, func(h *host.Host, _ *slog.Logger) error {
				switch {
				case len(args) == 1:
					return showTool(std.out, h, args[0])
				case asJSON:
					return listToolsJSON(std.out, h)
				}
				return listTools(std.out, h)
			})
		},
	}
	addStoreFlags(c.Flags(), s)
	addProcessFlags(c.Flags(), &s.processes)
	addOutputFlag(c, s)
	return c
}

func listTools(out io.Writer, h *host.Host) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, tool := range h.Tools() {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", tool.Name, tool.Title, tool.Plugin) // Flush reports
	}
	return table.Flush() // the log has named what was left out
}

func listToolsJSON(out io.Writer, h *host.Host) error {
	list := struct {
		Tools   []any          `json:"tools"`
		LeftOut []host.Problem `json:"left_out"`
	}{Tools: []any{}, LeftOut: []host.Problem{}}
	for _, tool := range h.Tools() {
		list.Tools = append(list.Tools, tool.Definition())
	}
	list.LeftOut = append(list.LeftOut, h.Problems()...)
	return writeJSON(out, list)
}

func showTool(out io.Writer, h *host.Host, name string) error {
	tool, err := h.Tool(name)
	if err != nil {
		return err
	}
	return writeJSON(out, tool.Definition())
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
