package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mcp-server/internal/pluginfolder"
)

func newPluginVerifyCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "verify",
		Short: "Compare the plugins with the lock file; nothing is run, and the exit code is 1 when one differs",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			checks, err := verify(s.pluginsDir, s.lockPath())
			if err != nil {
				return err
			}
			if err := printChecks(std.out, checks, asJSON); err != nil {
				return err
			}
			for _, c := range checks {
				if !c.Accepted {
					return errDiffers
				}
			}
			return nil
		},
	}
	addLockFlag(c.Flags(), &s.processes)
	addOutputFlag(c, s)
	return c
}

// errDiffers is the exit code 1: the command did its work, and its answer is no.
var errDiffers = problemsError{errors.New("the plugins folder and the lock file differ")}

// lockPath is where the lock file is.
func (s *settings) lockPath() string {
	if s.processes.lockFile != "" {
		return s.processes.lockFile
	}
	return filepath.Join(s.pluginsDir, pluginfolder.LockName)
}

// check is how one plugin stands to the lock file.
type check struct {
	Plugin   string `json:"plugin"`
	SHA256   string `json:"sha256,omitempty"`
	Version  string `json:"accepted_version,omitempty"`
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"`
}

// verify reads every binary and compares its digest with the lock file's.
func verify(dir, path string) ([]check, error) {
	lock, err := pluginfolder.ReadLock(path)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, usageError{fmt.Errorf("there is no lock file %s, so every plugin may run; make one with mcp-server plugin lock", path)}
	}
	found, junk, err := pluginfolder.Discover(dir)
	if err != nil {
		return nil, usageError{err}
	}
	checks := []check{}
	there := map[string]bool{}
	for _, b := range found {
		there[b.Name] = true
		checks = append(checks, verifyOne(lock, b))
	}
	for _, p := range junk {
		checks = append(checks, check{Plugin: p.Name, Reason: p.Reason})
	}
	for _, name := range sortedKeys(lock.Plugins) {
		if !there[name] {
			checks = append(checks, check{Plugin: name, Version: lock.Plugins[name].Version, Reason: "it is in the lock file, and not in the folder"})
		}
	}
	return checks, nil
}

func verifyOne(lock *pluginfolder.Lock, b pluginfolder.Binary) check {
	c := check{Plugin: b.Name, Version: lock.Plugins[b.Name].Version}
	program, err := b.Open()
	if err != nil {
		c.Reason = err.Error()
		return c
	}
	defer program.Close()
	if c.SHA256, err = program.Digest(); err == nil {
		err = lock.Check(b.Name, c.SHA256)
	}
	if err != nil {
		c.Reason = err.Error()
		return c
	}
	c.Accepted = true
	return c
}

func printChecks(out io.Writer, checks []check, asJSON bool) error {
	if asJSON {
		return writeJSON(out, map[string]any{"plugins": checks})
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, c := range checks {
		verdict := "accepted"
		if !c.Accepted {
			verdict = "NOT accepted: " + c.Reason
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", printable(c.Plugin), printable(c.Version), printable(verdict)) // Flush reports
	}
	return table.Flush()
}
