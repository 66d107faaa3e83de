package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mcp-server/internal/host"
	"mcp-server/internal/toolcheck"
)

func newPluginListCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the plugins, what is left out and why, and how running servers find them",
		Long: `List the plugins of the folder, with what they take of tools/list (bytes, and about how many tokens), how much of them strict clients
would refuse (plugin inspect says what), what is left out and why, and the state that the plugins have in the servers that run now with this data folder:

  idle      no process; the next call starts one
  starting  calls wait for it
  running   its process serves
  broken    it failed too often in a row and rests; the time is when a call tries it again
  refused   the lock file does not accept it, or it cannot be used
  attached  somebody else runs it, under a debugger (--reattach)
  several   its processes, one for each profile of credentials, differ; see -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			return withPlugins(c.Context(), s, std, func(h *host.Host) error {
				l := pluginList{Plugins: h.Plugins(), LeftOut: append([]host.Problem{}, h.Problems()...), Servers: append([]host.ServerStatus{}, host.Servers(s.dataDir)...)}
				if asJSON {
					return writeJSON(std.out, l)
				}
				return l.print(std.out)
			})
		},
	}
	addDescribeFlags(c.Flags(), &s.processes)
	addOutputFlag(c, s)
	return c
}

// pluginList is what the folder holds, and how servers that run see it.
type pluginList struct {
	Plugins []host.PluginStatus `json:"plugins"`
	LeftOut []host.Problem      `json:"left_out"`
	Servers []host.ServerStatus `json:"servers"`
}

func (l pluginList) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PLUGIN\tVERSION\tTOOLS\tLIST\tTOKENS\tFINDINGS\tSTATE") // Flush reports
	for _, p := range l.Plugins {
		state := p.State
		if state == "idle" {
			state = "ready"
		}
		_, tokens := toolcheck.Size(p.Manifest)
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%s\t~%d\t%d\t%s\n", printable(p.Name), printable(cmp.Or(p.Version, "-")), len(p.Tools),
			shortSize(int64(p.ListBytes)), tokens, len(toolcheck.Lint(p.Manifest)), state)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var text strings.Builder
	if len(l.LeftOut) > 0 {
		text.WriteString("\nLeft out:\n")
	}
	for _, p := range l.LeftOut {
		fmt.Fprintf(&text, "  %s: %s\n", printable(strings.TrimSuffix(p.Plugin+" "+p.Tool, " ")), printable(p.Reason))
	}
	for _, server := range l.Servers {
		printServer(&text, server)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// printServer names the plugins of a running server that are not just idle.
func printServer(text *strings.Builder, s host.ServerStatus) {
	fmt.Fprintf(text, "\nServer %d (%s, %s):\n", s.PID, s.Transport, printable(s.Plugins))
	quiet := 0
	for _, p := range s.Status {
		if p.State == "idle" && len(p.Processes) == 0 {
			quiet++
			continue
		}
		fmt.Fprintf(text, "  %s: %s", printable(p.Name), p.State)
		for _, process := range p.Processes {
			if process.Crashes > 0 { // what was stopped because it idled is not worth a word
				fmt.Fprintf(text, ", crashed %s", times(process.Crashes))
			}
			if !process.RetryAt.IsZero() {
				fmt.Fprintf(text, ", tried again at %s", process.RetryAt.Local().Format(time.TimeOnly))
			}
		}
		if p.Reason != "" {
			fmt.Fprintf(text, " (%s)", printable(p.Reason))
		}
		text.WriteString("\n")
	}
	if quiet > 0 {
		fmt.Fprintf(text, "  %d not called yet\n", quiet)
	}
}
