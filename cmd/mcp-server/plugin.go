package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/host"
)

func newPluginCommand(s *settings, std streams) *cobra.Command {
	return group(&cobra.Command{
		Use:   "plugin",
		Short: "The plugins folder: what is in it, what may run, how to write one",
	},
		newPluginListCommand(s, std), newPluginInspectCommand(s, std), newPluginVerifyCommand(s, std), newPluginLockCommand(s, std),
		newPluginNewCommand(s, std), newPluginTestCommand(s, std),
	)
}

// withPlugins starts a host to look at plugins, without what it does not need for that, and runs body.
func withPlugins(ctx context.Context, s *settings, std streams, body func(*host.Host) error) error {
	s.startGrace, s.waitForAll, s.quiet = oneCallGrace, true, true
	return withHost(ctx, s, std, func(h *host.Host, _ *slog.Logger) error { return body(h) })
}

// onePlugin makes a folder of one plugin, so that it can be looked at alone: a file anywhere, or one of the plugins folder by its
// name. The lock file is not asked: looking at a plugin comes before accepting it.
func onePlugin(s *settings, name string) (remove func(), err error) {
	path := name
	if !strings.ContainsRune(name, filepath.Separator) {
		path = filepath.Join(s.pluginsDir, name)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, usageError{fmt.Errorf("there is no plugin %q; give the name of one in %s (mcp-server plugin list), or a path such as ./%s", name, s.pluginsDir, filepath.Base(name))}
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return nil, usageError{fmt.Errorf("%s is no program: build the plugin, and give the path of the binary", path)}
	}
	dir, err := os.MkdirTemp("", "mcp-server-plugin-")
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(path, filepath.Join(dir, filepath.Base(path))); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.pluginsDir, s.processes.lockFile, s.processes.ignoreLock = dir, "", true
	return func() { _ = os.RemoveAll(dir) }, nil
}

// oneName refuses any other number of arguments.
func oneName(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("%s takes %s; see %s --help", c.Name(), what, c.CommandPath())}
		}
		return nil
	}
}
