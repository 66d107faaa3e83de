package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
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
		RunE: func(*cobra.Command, []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			return withStore(s, std, func(store *artifact.Store) error {
				records, err := store.List()
				if err != nil {
					return err
				}
				lacking, err := notWhole(store)
				switch {
				case err != nil:
					return err
				case asJSON:
					return writeJSON(std.out, map[string]any{"artifacts": records, "once_only": lacking})
				}
				if len(records) == 0 {
					_, _ = fmt.Fprintln(std.err, "nothing is stored in", s.dataDir) // not a result
				}
				return listArtifacts(std.out, records, lacking)
			})
		},
	}
	addOutputFlag(c, s)
	return c
}

// notWhole returns the once-only downloads that may have been asked for and are not stored.
func notWhole(store *artifact.Store) ([]artifact.Case, error) {
	cases, err := store.Cases()
	if err != nil {
		return nil, err
	}
	lacking := []artifact.Case{}
	for _, c := range cases {
		if c.State != artifact.StateStored && c.State != artifact.StateReleased && c.State != artifact.StateRemoved {
			lacking = append(lacking, c)
		}
	}
	return lacking, nil
}

func listArtifacts(out io.Writer, records []artifact.Record, lacking []artifact.Case) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, r := range records {
		mark := ""
		if r.OnceOnly() {
			mark = "once-only"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", // Flush reports
			r.URI, shortSize(r.Size), r.StoredAt.Local().Format(time.DateTime), mark, printable(r.Name))
	}
	if err := table.Flush(); err != nil || len(lacking) == 0 {
		return err
	}
	if len(records) > 0 {
		_, _ = fmt.Fprintln(out)
	}
	_, err := fmt.Fprintln(out, "Once-only downloads that are not whole:")
	for _, c := range lacking {
		text := fmt.Sprintf("  %s\n    %s\n", printable(titleOf(c)), printable(c.Describe()))
		if c.WayOn != "" {
			text += fmt.Sprintf("    way on: %s\n", printable(c.WayOn))
		}
		_, err = fmt.Fprint(out, text)
	}
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
