package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"mcp-server/internal/scaffold"
)

func newPluginNewCommand(std streams) *cobra.Command {
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
		RunE: func(_ *cobra.Command, args []string) error {
			name := args[0]
			if dir == "" {
				dir = name
			}
			folder, err := filepath.Abs(dir)
			if err != nil {
				return err
			}
			if err := scaffold.New(folder, name, scaffold.Options{ServerSource: source, PluginsDir: defaultPluginsDir()}); err != nil {
				return usageError{err}
			}
			_, err = fmt.Fprintf(std.out, "wrote %s; next: cd %s && make test install, and read README.md\n", folder, dir)
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "folder to write into, which must not exist or be empty; the name by default")
	c.Flags().StringVar(&source, "source", "", "checkout of the server's source, for go.mod's replace: the module has no public path yet; found by itself when this program was built in one")
	return c
}
