package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// group makes c a command that only has others below it. An unknown one is a usage error, with its exit code.
func group(c *cobra.Command, others ...*cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("there is no command \"%s %s\"; see mcp-server %s --help", c.Name(), args[0], c.Name())}
		}
		return c.Help()
	}
	c.AddCommand(others...)
	return c
}
