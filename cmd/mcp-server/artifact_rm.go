package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
	"mcp-server/sdk"
)

func newArtifactRmCommand(s *settings, std streams) *cobra.Command {
	var onceOnly bool
	c := &cobra.Command{
		Use:   "rm URI...",
		Short: "Remove stored files",
		Long: `Remove stored files. A file that came from a source which hands it out only once cannot be fetched again; it goes
only with --once-only, and its tool will not ask for it a second time even then.`,
		Example: `  mcp-server artifact rm 2cf24d 5d5766
  mcp-server artifact rm artifact://2cf24dba5fb0a30e26e83b2ac5b9e29e/archive.zip --once-only`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("rm takes the URIs of the artifacts to remove; see mcp-server artifact list")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			return withStore(s, std, func(store *artifact.Store) error {
				removed, err := removeAll(store, args, onceOnly)
				switch {
				case asJSON && err == nil:
					return writeJSON(std.out, map[string]any{"removed": removed})
				case asJSON:
					return err
				}
				for _, r := range removed {
					_, printErr := fmt.Fprintln(std.out, "removed", r.URI)
					err = errors.Join(err, printErr)
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&onceOnly, "once-only", false, "remove also what cannot be fetched again")
	addOutputFlag(c, s)
	return c
}

// removeAll removes nothing when one of the names is wrong or one of the files is refused.
func removeAll(store *artifact.Store, args []string, onceOnly bool) ([]artifact.Record, error) {
	var chosen []artifact.Record
	for _, arg := range args {
		r, err := find(store, arg)
		if err != nil {
			return nil, nothingRemoved(err)
		}
		if !slices.ContainsFunc(chosen, func(c artifact.Record) bool { return c.URI == r.URI }) {
			chosen = append(chosen, r)
		}
	}
	slices.SortStableFunc(chosen, func(a, b artifact.Record) int { // what may be refused comes first
		return len(b.Claim) - len(a.Claim)
	})
	removed := []artifact.Record{}
	for _, r := range chosen {
		if _, err := store.Remove(r.URI, onceOnly); err != nil {
			if len(removed) == 0 {
				err = nothingRemoved(err)
			}
			return removed, err
		}
		removed = append(removed, r)
	}
	return removed, nil
}

// nothingRemoved says so also where programs read the error.
func nothingRemoved(err error) error {
	e, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		return fmt.Errorf("nothing was removed: %w", err)
	}
	about := *e
	about.Message = "nothing was removed: " + e.Message
	return &about
}
