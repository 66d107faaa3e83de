package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
)

func newArtifactFsckCommand(s *settings, std streams) *cobra.Command {
	var repair bool
	c := &cobra.Command{
		Use:   "fsck",
		Short: "Check every stored file against its checksum, and look for what does not belong",
		Long: `Read every stored file and compare it with its checksum and its metadata; look for what belongs to nothing and for
once-only downloads that nobody finished. Servers may go on meanwhile.

--repair mends what can be mended without losing anything: a damaged file is moved to the folder "damaged" beside the
store, never deleted.

Exit codes: 0 nothing is wrong or all is mended, 1 problems are left.`,
		Example: `  mcp-server artifact fsck
  mcp-server artifact fsck --repair -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			return withStore(s, std, func(store *artifact.Store) error {
				findings, err := store.Check(c.Context(), repair)
				if err != nil {
					return err
				}
				left := 0
				for _, f := range findings {
					if !f.Mended {
						left++
					}
				}
				if asJSON {
					err = writeJSON(std.out, map[string]any{"findings": append([]artifact.Finding{}, findings...), "left": left})
				} else {
					err = printFindings(std.out, findings)
				}
				if err != nil || left == 0 {
					return err
				}
				return problemsError{fmt.Errorf("problems left: %d%s", left, wayToRepair(repair))}
			})
		},
	}
	c.Flags().BoolVar(&repair, "repair", false, "mend what can be mended without losing anything")
	addOutputFlag(c, s)
	return c
}

func wayToRepair(repaired bool) string {
	if repaired {
		return ", which cannot be mended without losing something"
	}
	return "; --repair mends what can be mended without losing anything"
}

func printFindings(out io.Writer, findings []artifact.Finding) error {
	for _, f := range findings {
		state := "problem"
		if f.Mended {
			state = "mended "
		}
		if _, err := fmt.Fprintf(out, "%s  %s\n         %s\n         mend: %s\n", state, printable(f.Path), printable(f.Problem), printable(f.Mend)); err != nil {
			return err
		}
	}
	if len(findings) == 0 {
		_, err := fmt.Fprintln(out, "nothing is wrong")
		return err
	}
	return nil
}
