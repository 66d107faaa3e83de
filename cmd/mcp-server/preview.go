package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact/preview"
)

// newPreviewCommand is the bounded process that looks into one stored file: the request is the argument, the file the
// standard input, the answer goes to the standard output. It is for this program, not for people.
func newPreviewCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:    "preview REQUEST",
		Short:  "Answer one request about the file on standard input",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		// It reads a file that nobody trusts, and needs no setting: none is read from the environment.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		RunE: func(_ *cobra.Command, args []string) error {
			file, isFile := std.in.(*os.File)
			if !isFile {
				return usageError{errors.New("preview reads a file on standard input")}
			}
			return preview.Serve(args[0], file, std.out)
		},
	}
}

// previewCommand starts this program as the process that looks into stored files; nil when the program cannot be found.
func previewCommand() []string {
	program, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{program, "preview"}
}
