package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// streams are the program's standard streams. Results go to out and nothing else does.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// settings are the values of the flags that all commands share.
type settings struct {
	pluginsDir string
	dataDir    string
	logLevel   string
	keepDays   dayCount
	keepSize   byteSize
	minFree    byteSize
	output     string
	emulator   bool
	processes  processFlags
	startGrace time.Duration // how long to wait for slow plugins; the host's default when zero
	waitForAll bool          // even for the slowest, as long as that
	quiet      bool          // the command shows itself what is left out
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	var s settings
	root := newRootCommand(&s, std)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	if err != nil {
		_, _ = fmt.Fprintln(std.err, "mcp-server:", err)
		if s.output == "json" {
			writeError(std.out, err)
		}
	}
	return exitCode(ctx, err)
}

func newRootCommand(s *settings, std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "mcp-server",
		Short: "Serves the tools of a folder of plugins to AI assistants, editors and scripts",
		Long: `mcp-server turns a folder of plugins into tools of the Model Context Protocol.
The plugins that come with it fetch templates and archives from Huawei Cloud.

Try it without an account:  mcp-server demo

Every flag can also be set as MCP_SERVER_<NAME>, such as MCP_SERVER_DATA_DIR.`,
		Version: version, SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              cobra.ArbitraryArgs, // an unknown command is a usage error, with its exit code
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q; see mcp-server --help", args[0])}
			}
			return c.Help()
		},
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return fromEnvironment(c.Flags(), os.LookupEnv) },
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
	})
	flags := root.PersistentFlags()
	flags.StringVar(&s.pluginsDir, "plugins", defaultPluginsDir(), "folder of plugin binaries")
	flags.StringVar(&s.dataDir, "data-dir", defaultDataDir(), "folder where downloads are kept")
	flags.StringVar(&s.logLevel, "log-level", "warn", "what is logged to standard error: debug, info, warn or error")
	root.AddCommand(
		newServeCommand(s, std), newCallCommand(s, std), newToolsCommand(s, std), newArtifactCommand(s, std),
		newDemoCommand(s, std), newEmulatorCommand(s, std), newTokenCommand(s, std), newAccessCommand(s, std), newPluginCommand(s, std),
	)
	return root
}

// fromEnvironment sets every flag that was not given from MCP_SERVER_<NAME>, such as MCP_SERVER_DATA_DIR, unless that is
// empty.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var problem error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "MCP_SERVER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, given := lookup(name)
		if f.Changed || !given || value == "" || f.Name == "help" || f.Name == "version" || problem != nil {
			return
		}
		err := f.Value.Set(value)
		if err != nil && f.Value.Type() == "bool" {
			err = fmt.Errorf("%q is neither true nor false", value)
		}
		if err != nil {
			problem = usageError{fmt.Errorf("the environment variable %s: %w", name, err)}
		}
	})
	return problem
}

// defaultPluginsDir is the folder "plugins" beside the program, where the build puts them.
func defaultPluginsDir() string {
	return cmp.Or(beside("plugins"), "plugins")
}

// defaultDataDir follows the XDG base directories, and each system's own custom elsewhere.
func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mcp-server")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "" // which the store explains when it is opened
	}
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(home, "AppData", "Local", "mcp-server")
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "mcp-server")
	}
	return filepath.Join(home, ".local", "share", "mcp-server")
}
