package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mcp-server/internal/scaffold"
)

func newPluginNewCommand(s *settings, std streams) *cobra.Command {
	var dir, source string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin: a Go module with a tool, its test, a Makefile and a README",
		Long: `Write a new plugin: a Go module that builds, tests and runs at once, with one tool, its test, a Makefile and a README.
The name has lower-case letters, digits and hyphens, such as acme-list-orders; its tool is called acme_list_orders then.

Nothing is overwritten.`,
		Example: `  mcp-server plugin new acme-list-orders
  cd acme-list-orders && make test install`,
		Args: oneName("the name of the new plugin"),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			if dir == "" {
				dir = name
			}
			folder, err := filepath.Abs(dir)
			if err != nil {
				return err
			}
			if source, err = sourceFolder(source); err != nil {
				return err
			}
			plugins, err := filepath.Abs(s.pluginsDir)
			if err != nil {
				return err
			}
			if err := scaffold.New(folder, name, scaffold.Options{ServerSource: source, Plugins: plugins}); err != nil {
				return usageError{err}
			}
			if err := scaffold.Tidy(c.Context(), folder); err != nil {
				_, _ = fmt.Fprintln(std.err, "mcp-server: the module builds, but go.mod names more than it needs:", err)
			}
			_, err = fmt.Fprintf(std.out, "wrote %s; next: cd %s && make test install, and read its README.md\n", folder, dir)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "folder to write into, which must not exist or be empty; the name by default")
	c.Flags().StringVar(&source, "source", "", "checkout of the server's source, for go.mod's replace: the module has no public path yet; found by itself when this program or the working folder is in one")
	return c
}

// sourceFolder finds the checkout of the server's source: the one that is named, or the one that this program or the working
// folder is in.
func sourceFolder(named string) (string, error) {
	if named != "" {
		named, err := filepath.Abs(named)
		if err == nil && !isSource(named) {
			err = usageError{fmt.Errorf("--source: %s has no go.mod of the module mcp-server", named)}
		}
		return named, err
	}
	var starts []string
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	if here, err := os.Getwd(); err == nil {
		starts = append(starts, here)
	}
	for _, dir := range starts {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if isSource(dir) {
				return dir, nil
			}
		}
	}
	return "", usageError{errors.New("the server's source is needed, because its module has no public path yet: name a checkout with --source")}
}

func isSource(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.HasPrefix(content, []byte("module mcp-server\n"))
}
