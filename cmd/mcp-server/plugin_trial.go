package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/supervisor/trial"
)

func newPluginTestCommand(s *settings, std streams) *cobra.Command {
	var o trial.Options
	var arguments string
	c := &cobra.Command{
		Use:   "test FILE",
		Short: "Put a plugin through what a server must survive of it, and say what it fails",
		Long: `Put a plugin, in any language, through what a server must survive of it, and say what it fails and how to mend that.
With a tool and its arguments it is called as well: once, or some forty times if it is read-only or idempotent. The plugin
gets the variables that it declares from the environment.`,
		Example: `  mcp-server plugin test ./my-plugin
  mcp-server plugin test ./my-plugin --tool text_shout --args '{"text": "hello"}'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("test takes the file of one plugin")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			o.Path, o.Arguments, o.Environment, o.Launcher = args[0], json.RawMessage(arguments), environment(), launcher()
			lines := &trialLines{out: std.out}
			report := lines.print
			if asJSON {
				report = nil
			}
			outcomes, err := trial.Run(c.Context(), o, report)
			if _, wrong := errors.AsType[trial.Mistake](err); wrong {
				return usageError{err}
			}
			if asJSON && err == nil {
				err = writeJSON(std.out, map[string]any{"checks": outcomes})
			}
			return cmp.Or(err, lines.err, verdict(outcomes))
		},
	}
	c.Flags().StringVar(&o.Tool, "tool", "", "tool to call")
	c.Flags().StringVar(&arguments, "args", "", "JSON object of arguments that the tool works with")
	addOutputFlag(c, s)
	return c
}

// environment is this process's, of which a plugin gets what it declares.
func environment() map[string]string {
	values := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	return values
}

// trialLines prints checks as they are done.
type trialLines struct {
	out io.Writer
	err error
}

func (l *trialLines) print(o trial.Outcome) {
	_, err := fmt.Fprintf(l.out, "%-8s %-17s %s\n", o.State, o.Name, o.About)
	if o.Reason != "" && err == nil {
		_, err = fmt.Fprintf(l.out, "%27s%s\n", "", o.Reason)
	}
	l.err = cmp.Or(l.err, err)
}

// verdict is the error of a plugin that failed; the list has said why.
func verdict(outcomes []trial.Outcome) error {
	failed := 0
	for _, o := range outcomes {
		if o.State == trial.Failed {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return problemsError{fmt.Errorf("the plugin fails %d of %d checks", failed, len(outcomes))}
}
