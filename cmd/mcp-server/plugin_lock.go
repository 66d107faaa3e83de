package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/host"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

func newPluginLockCommand(s *settings, std streams) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "lock [NAME…]",
		Short: "Accept the plugins as they are now, all or the named ones, and show what has changed since",
		Long: `Write the lock file: name, version, SHA-256, permissions and tools of every plugin of the folder, or of the named ones. From then on a
binary that is not in it, or differs, is not run. What has changed since the plugins were accepted before is shown: what they ask for,
and of their tools what is compatible and what would break those who call them.

To learn what a plugin is, it is run once, with nothing but itself: no variables, no files, no network.`,
		Example: `  mcp-server plugin lock
  mcp-server plugin lock --dry-run
  mcp-server plugin lock rfs-list-templates`,
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			before, err := pluginfolder.ReadLock(s.lockPath())
			if err != nil {
				return err
			}
			path := s.lockPath()
			s.processes.ignoreLock = true
			return withPlugins(c.Context(), s, std, func(h *host.Host) error {
				plan, err := planLock(h, before, args)
				if err != nil {
					return err
				}
				plan.Path = path
				if !dryRun {
					if err := pluginfolder.WriteLock(path, plan.lock); err != nil {
						return err
					}
				}
				if err := plan.report(std.out, asJSON, dryRun); err != nil || len(plan.LeftOut) == 0 {
					return err
				}
				return problemsError{errors.New("some plugins cannot be used, and are not in the lock file")}
			})
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would change")
	addDescribeFlags(c.Flags(), &s.processes)
	addOutputFlag(c, s)
	return c
}

// lockPlan is what a new lock file holds, and how that differs from the old one.
type lockPlan struct {
	Path    string         `json:"path"`
	Entries []lockEntry    `json:"plugins"`
	LeftOut []host.Problem `json:"left_out"`

	lock pluginfolder.Lock
}

// lockEntry is one plugin's difference.
type lockEntry struct {
	Plugin  string             `json:"plugin"`
	Change  string             `json:"change"` // new, changed, unchanged or removed
	Version string             `json:"version,omitempty"`
	Before  string             `json:"version_before,omitempty"`
	SHA256  string             `json:"sha256,omitempty"`
	Changes []toolcheck.Change `json:"changes,omitempty"`
	// Asks is what a new plugin gets.
	Asks sdk.Permissions `json:"permissions"`
}

// planLock takes the named plugins, or all. Of plugins that are not named, what was accepted stays.
func planLock(h *host.Host, before *pluginfolder.Lock, names []string) (lockPlan, error) {
	p := lockPlan{Entries: []lockEntry{}, LeftOut: []host.Problem{}, lock: pluginfolder.Lock{Plugins: map[string]pluginfolder.Locked{}}}
	old := map[string]pluginfolder.Locked{}
	if before != nil {
		old = before.Plugins
	}
	if len(names) > 0 {
		maps.Copy(p.lock.Plugins, old)
	}
	there := map[string]bool{}
	for _, plugin := range h.Plugins() {
		there[plugin.Name] = true
		if len(names) > 0 && !slices.Contains(names, plugin.Name) {
			continue
		}
		if plugin.State == host.StateRefused {
			delete(p.lock.Plugins, plugin.Name)
			p.LeftOut = append(p.LeftOut, host.Problem{Plugin: plugin.Name, Reason: plugin.Reason})
			continue
		}
		locked := pluginfolder.Accept(plugin.Manifest, plugin.SHA256)
		p.lock.Plugins[plugin.Name] = locked
		p.Entries = append(p.Entries, compareLocked(plugin.Name, old, locked))
	}
	for _, name := range names {
		if !there[name] {
			return p, usageError{fmt.Errorf("there is no plugin %q in the folder; there are %s", name, strings.Join(sortedKeys(there), ", "))}
		}
	}
	for _, name := range sortedKeys(old) {
		if _, stays := p.lock.Plugins[name]; !stays && !there[name] {
			p.Entries = append(p.Entries, lockEntry{Plugin: name, Change: "removed", Before: old[name].Version})
		}
	}
	return p, nil
}

func compareLocked(name string, old map[string]pluginfolder.Locked, now pluginfolder.Locked) lockEntry {
	e := lockEntry{Plugin: name, Change: "new", Version: now.Version, SHA256: now.SHA256, Asks: now.Permissions}
	was, known := old[name]
	if !known {
		return e
	}
	e.Change, e.Before, e.Changes = "unchanged", was.Version, toolcheck.Diff(manifestOf(name, was), manifestOf(name, now))
	if was.SHA256 != now.SHA256 || len(e.Changes) > 0 {
		e.Change = "changed"
	}
	return e
}

func (p lockPlan) report(out io.Writer, asJSON, dryRun bool) error {
	if asJSON {
		return writeJSON(out, p)
	}
	var text strings.Builder
	for _, e := range p.Entries {
		e.print(&text)
	}
	for _, l := range p.LeftOut {
		fmt.Fprintf(&text, "%s: left out: %s\n", printable(l.Plugin), printable(l.Reason))
	}
	if dryRun {
		text.WriteString("Nothing was written.\n")
	} else {
		fmt.Fprintf(&text, "%s accepts %d plugins.\n", p.Path, len(p.lock.Plugins))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (e lockEntry) print(text *strings.Builder) {
	version := printable(cmp.Or(e.Version, e.Before))
	if e.Change == "changed" && e.Before != e.Version {
		version = fmt.Sprintf("%s → %s", printable(e.Before), printable(e.Version))
	}
	fmt.Fprintf(text, "%s %s: %s\n", printable(e.Plugin), version, e.Change)
	if e.Change == "new" {
		for _, host := range e.Asks.Hosts {
			fmt.Fprintf(text, "  connects to %s\n", printable(host))
		}
		for _, folder := range e.Asks.Folders {
			fmt.Fprintf(text, "  reads %s\n", printable(folder))
		}
		for _, v := range e.Asks.Environment {
			fmt.Fprintf(text, "  knows %s\n", printable(v.Name))
		}
	}
	for _, c := range e.Changes {
		mark := "compatible"
		switch {
		case c.Breaking:
			mark = "BREAKING"
		case c.Kind == toolcheck.Permission:
			mark = "PERMISSION"
		}
		fmt.Fprintf(text, "  %s: %s\n", mark, printable(strings.TrimPrefix(c.Tool+": "+c.Message, ": ")))
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// manifestOf is what a lock file knows of a plugin, as a manifest.
func manifestOf(name string, l pluginfolder.Locked) sdk.Manifest {
	m := sdk.Manifest{Name: name, Version: l.Version, Permissions: l.Permissions}
	for _, t := range l.Tools {
		m.Tools = append(m.Tools, sdk.ToolManifest{
			Name: t.Name, Aliases: t.Aliases, Description: t.Description, Hints: t.Hints, InputSchema: t.InputSchema, OutputSchema: t.OutputSchema,
		})
	}
	return m
}
