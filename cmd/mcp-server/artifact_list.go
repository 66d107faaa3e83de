package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
)

func newArtifactListCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List what is stored, the newest first, and the once-only downloads that are not whole",
		Example: `  mcp-server artifact list
  mcp-server artifact list -o json | jq -r '.artifacts[].path'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			return withStore(s, std, func(store *artifact.Store) error {
				stock, err := takeStock(c.Context(), store)
				switch {
				case err != nil:
					return err
				case asJSON:
					return writeJSON(std.out, stock)
				}
				if len(stock.Artifacts) == 0 {
					_, _ = fmt.Fprintln(std.err, "nothing is stored in", s.dataDir) // not a result
				}
				return stock.print(std.out)
			})
		},
	}
	addOutputFlag(c, s)
	return c
}

// stock is what the store has and has not.
type stock struct {
	Artifacts []artifact.Record `json:"artifacts"`
	// NotWhole are once-only downloads that may have been asked for and are not stored.
	NotWhole []artifact.Case `json:"once_only"`
	// Downloading are once-only downloads that another call is at.
	Downloading []artifact.Case `json:"being_downloaded"`
}

func takeStock(ctx context.Context, store *artifact.Store) (stock, error) {
	store.ConcludeAll(ctx) // what is open afterwards, a call is at
	if ctx.Err() != nil {
		return stock{}, ctx.Err()
	}
	cases, err := store.Cases() // first: what is stored meanwhile is listed
	if err != nil {
		return stock{}, err
	}
	s := stock{NotWhole: []artifact.Case{}, Downloading: []artifact.Case{}}
	for _, c := range cases {
		switch c.State {
		case artifact.StateStored, artifact.StateReleased, artifact.StateRemoved:
		case artifact.StateClaimed, artifact.StateReceiving:
			c.WayOn = "" // it is on its way
			s.Downloading = append(s.Downloading, c)
		default:
			s.NotWhole = append(s.NotWhole, c)
		}
	}
	s.Artifacts, err = store.List()
	return s, err
}

func (s stock) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, r := range s.Artifacts {
		mark := ""
		if r.OnceOnly() {
			mark = "once-only"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", // Flush reports
			r.URI, shortSize(r.Size), r.StoredAt.Local().Format(time.DateTime), mark, printable(r.Name))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var text strings.Builder
	if len(s.Downloading) > 0 {
		text.WriteString("\nBeing downloaded now:\n")
	}
	for _, c := range s.Downloading {
		fmt.Fprintf(&text, "  %s\n    since %s\n", printable(titleOf(c)), c.Claimed.Local().Format(time.DateTime))
	}
	if len(s.NotWhole) > 0 {
		text.WriteString("\nOnce-only downloads that are not whole:\n")
	}
	for _, c := range s.NotWhole {
		fmt.Fprintf(&text, "  %s\n    %s\n", printable(titleOf(c)), printable(c.Describe()))
		if c.WayOn != "" {
			fmt.Fprintf(&text, "    way on: %s\n", printable(c.WayOn))
		}
	}
	below := text.String()
	if len(s.Artifacts) == 0 {
		below = strings.TrimPrefix(below, "\n")
	}
	_, err := io.WriteString(out, below)
	return err
}

// titleOf says which download a case is about.
func titleOf(c artifact.Case) string {
	if c.Source.Operation == "" { // the journal is damaged
		return "journal " + c.Key
	}
	ids := ""
	for _, name := range slices.Sorted(maps.Keys(c.Source.IDs)) {
		ids += fmt.Sprintf(" %s=%s", name, c.Source.IDs[name])
	}
	return fmt.Sprintf("%s (%s%s)", c.Name, c.Source.Operation, ids)
}
