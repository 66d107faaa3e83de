package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mcp-server/internal/artifact"
	"mcp-server/internal/artifact/preview"
)

func newArtifactCommand(s *settings, std streams) *cobra.Command {
	return group(&cobra.Command{
		Use:   "artifact",
		Short: "List, copy, read, remove and check the files that tools have downloaded",
		Long: `List, copy, read, remove and check the files that tools have downloaded. No plugin is started, and servers may use the
same data folder meanwhile.

A file is named by its URI, artifact://<id>/<name>, by the first six or more characters of the id, by its path in the data
folder, or by its exact name.

Servers remove what nobody used for --keep-days, and what was not used for longest when all is larger than --keep-size. The
newest file stays, and so does what is in use: stored or read within the last hour. Once-only downloads count in the total,
but stay until artifact rm --once-only.`,
		Example: `  mcp-server artifact list
  mcp-server artifact get 2cf24d
  mcp-server artifact read 2cf24d --entry main.tf
  mcp-server artifact fsck --repair`,
	}, newArtifactListCommand(s, std), newArtifactGetCommand(s, std), newArtifactReadCommand(s, std),
		newArtifactRmCommand(s, std), newArtifactFsckCommand(s, std))
}

// addStoreFlags adds what a server needs to look after its store.
func addStoreFlags(flags *pflag.FlagSet, s *settings) {
	s.keepDays, s.keepSize, s.minFree = 90, 20<<30, 256<<20
	flags.Var(&s.keepDays, "keep-days", "remove downloads that nobody used for so many `days`; 0 for no bound, and once-only downloads stay")
	flags.Var(&s.keepSize, "keep-size", "remove what was not used for longest when all downloads are larger together; 0 for no bound; "+
		"once-only downloads count, and stay")
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
	if _, err := os.Stat(s.dataDir); s.dataDir != "" && errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("there is no data folder %s: nothing was downloaded to it, or it is elsewhere; name it with --data-dir", s.dataDir)}
	}
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

// find returns what is meant by a text on the command line.
func find(store *artifact.Store, text string) (artifact.Record, error) {
	return store.Resolve(text, "mcp-server artifact list")
}

// oneArtifact wants one URI on the command line.
func oneArtifact(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("artifact %s takes the URI of one artifact; see mcp-server artifact list", c.Name())}
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
