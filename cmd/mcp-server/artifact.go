package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mcp-server/internal/artifact"
	"mcp-server/internal/artifact/preview"
	"mcp-server/sdk"
)

// shortestID is how much of an id names an artifact at least.
const shortestID = 6

func newArtifactCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "artifact",
		Short: "List, copy, read, remove and check the files that tools have downloaded",
		Long: `List, copy, read, remove and check the files that tools have downloaded. No plugin is started, and servers may use the
same data folder meanwhile.

A file is named by its URI, artifact://<id>/<name>, or by the first six or more characters of the id.`,
		Example: `  mcp-server artifact list
  mcp-server artifact get 2cf24d
  mcp-server artifact read 2cf24d --entry main.tf
  mcp-server artifact fsck --repair`,
		Args: cobra.ArbitraryArgs, // an unknown command is a usage error, with its exit code
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command \"artifact %s\"; see mcp-server artifact --help", args[0])}
			}
			return c.Help()
		},
	}
	c.AddCommand(
		newArtifactListCommand(s, std), newArtifactGetCommand(s, std), newArtifactReadCommand(s, std),
		newArtifactRmCommand(s, std), newArtifactFsckCommand(s, std),
	)
	return c
}

// addStoreFlags adds what a server needs to look after its store.
func addStoreFlags(flags *pflag.FlagSet, s *settings) {
	s.keepSize, s.minFree = 20<<30, 256<<20
	flags.Uint16Var(&s.keepDays, "keep-days", 90, "remove downloads that nobody used for so many `days`; 0 for no bound, and once-only downloads stay")
	flags.Var(&s.keepSize, "keep-size", "remove what was not used for longest when all downloads are larger together; 0 for no bound, and once-only downloads stay")
	flags.Var(&s.minFree, "min-free", "free disk space without which no once-only download begins")
}

func (s *settings) retention() artifact.Retention {
	return artifact.Retention{MaxAge: time.Duration(s.keepDays) * 24 * time.Hour, MaxBytes: int64(s.keepSize)}
}

// withStore opens the store to look at it, without a host, and runs body.
func withStore(s *settings, std streams, body func(*artifact.Store) error) error {
	logger, flush, err := newLogger(std.err, s.logLevel)
	if err != nil {
		return err
	}
	defer flush()
	store, err := artifact.Open(artifact.Config{
		Dir: s.dataDir, Logger: logger, NoUpkeep: true,
		Whole: func(ctx context.Context, tempDir string, file *os.File) error {
			return previewReader(tempDir).Whole(ctx, file)
		},
	})
	if err != nil {
		return err
	}
	defer store.Close()
	return body(store)
}

func previewReader(tempDir string) preview.Reader {
	return preview.Reader{Command: previewCommand(), TempDir: tempDir}
}

// find returns what is meant by a URI, an id, or the beginning of one.
func find(store *artifact.Store, text string) (artifact.Record, error) {
	all, err := store.List()
	if err != nil {
		return artifact.Record{}, err
	}
	return choose(all, text)
}

func choose(all []artifact.Record, text string) (artifact.Record, error) {
	id, name, _ := strings.Cut(strings.TrimPrefix(text, "artifact://"), "/")
	id = strings.ToLower(id)
	if strings.Trim(id, "0123456789abcdef") != "" || len(id) < shortestID || len(id) > 32 {
		return artifact.Record{}, usageError{fmt.Errorf(
			"%q names no artifact: write artifact://<id>/<name>, or at least the first %d characters of the id", printable(text), shortestID)}
	}
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	var found []artifact.Record
	for _, r := range all {
		if strings.HasPrefix(r.SHA256, id) && (name == "" || name == r.Name) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return artifact.Record{}, &sdk.Error{
			Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
			Message: fmt.Sprintf("there is no artifact %s in the store; mcp-server artifact list shows those that exist", printable(text)),
		}
	}
	return artifact.Record{}, usageError{errors.New(ambiguous(text, found))}
}

func ambiguous(text string, found []artifact.Record) string {
	const most = 5
	message := fmt.Sprintf("%s may be any of %d artifacts; write more of the URI:", printable(text), len(found))
	for n, r := range found {
		if n == most {
			return message + "\n  …"
		}
		message += "\n  " + r.URI
	}
	return message
}

// oneArtifact wants one URI on the command line.
func oneArtifact(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s takes the URI of one artifact; see mcp-server artifact list", c.CommandPath())}
	}
	return nil
}

// printable makes one line of a text of others that no terminal takes for a command.
func printable(text string) string {
	return visible(strings.NewReplacer("\n", " ", "\t", " ").Replace(text), "")
}

// visible leaves out what cannot be seen, such as the commands of terminals, except the characters in kept.
func visible(text, kept string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) || strings.ContainsRune(kept, r) {
			return r
		}
		return -1
	}, text)
}
