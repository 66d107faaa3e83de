package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/host"
	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

func newPluginInspectCommand(s *settings, std streams) *cobra.Command {
	var run, arguments string
	c := &cobra.Command{
		Use:   "inspect NAME|FILE",
		Short: "Show what a plugin offers and asks for, and what strict clients would refuse; or run one of its tools",
		Long: `Show what a plugin offers and asks for, and what strict clients would refuse of it. The plugin is one of the folder, by its name,
or any file, by its path. The lock file is not asked: this is how you look at a plugin before you accept it.

With --run one tool of it is called, as with the command call.`,
		Example: `  mcp-server plugin inspect rfs-list-templates
  mcp-server plugin inspect ./my-plugin --run my_plugin_greet --args '{"name": "Ada"}'`,
		Args: oneName("the name of a plugin or the path of its file"),
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			remove, err := onePlugin(s, args[0])
			if err != nil {
				return err
			}
			defer remove()
			raw, err := readArguments(c.Context(), arguments, std.in)
			if err != nil {
				return err
			}
			return withPlugins(c.Context(), s, std, func(h *host.Host) error {
				if run != "" {
					return callOnce(c.Context(), h, host.Request{Name: run, Arguments: raw}, std, asJSON)
				}
				return inspect(h, std.out, asJSON)
			})
		},
	}
	c.Flags().StringVar(&run, "run", "", "call this tool of the plugin")
	c.Flags().StringVar(&arguments, "args", "{}", "the arguments of --run as a JSON object; @FILE reads a file, - standard input")
	addDescribeFlags(c.Flags(), &s.processes)
	addEmulatorFlag(c, s)
	addOutputFlag(c, s)
	return c
}

// inspection is what can be said of one plugin.
type inspection struct {
	Name     string              `json:"name"`
	SHA256   string              `json:"sha256"`
	Bytes    int                 `json:"list_bytes"`
	Tokens   int                 `json:"list_tokens"` // about
	Manifest sdk.Manifest        `json:"manifest"`
	Findings []toolcheck.Finding `json:"findings"`
}

func inspect(h *host.Host, out io.Writer, asJSON bool) error {
	plugins := h.Plugins()
	if len(plugins) == 0 || plugins[0].State == host.StateRefused {
		reason := "it is no plugin"
		if problems := h.Problems(); len(problems) > 0 {
			reason = problems[0].Reason
		}
		return &sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourcePlugin, Message: reason, Cause: errors.New("inspecting")}
	}
	p := plugins[0]
	i := inspection{Name: p.Name, SHA256: p.SHA256, Manifest: p.Manifest, Findings: append([]toolcheck.Finding{}, toolcheck.Lint(p.Manifest)...)}
	i.Bytes, i.Tokens = toolcheck.Size(p.Manifest)
	if asJSON {
		return writeJSON(out, i)
	}
	return i.print(out)
}

func (i inspection) print(out io.Writer) error {
	var text strings.Builder
	m := i.Manifest
	title := printable(i.Name)
	if m.Name != i.Name {
		title += fmt.Sprintf(" (which calls itself %s)", printable(m.Name))
	}
	fmt.Fprintf(&text, "%s %s\n%s\n\nsha256       %s\ntools/list   %d bytes, about %d tokens\n", title, printable(m.Version), printable(m.Description), i.SHA256, i.Bytes, i.Tokens)
	printPermissions(&text, m.Permissions)
	text.WriteString("\nTools\n")
	for _, t := range m.Tools {
		size, _ := toolcheck.SizeOf(t)
		fmt.Fprintf(&text, "  %s (%s%d bytes)\n    %s\n", printable(t.Name), hintsOf(t.Hints), size, printable(t.Description))
	}
	for _, p := range m.Prompts {
		fmt.Fprintf(&text, "  %s (prompt)\n    %s\n", printable(p.Name), printable(p.Description))
	}
	for _, r := range m.Resources {
		fmt.Fprintf(&text, "  %s (resource)\n    %s\n", printable(r.URI), printable(r.Description))
	}
	if len(i.Findings) == 0 {
		text.WriteString("\nNo strict client refuses anything of it.\n")
	} else {
		text.WriteString("\nFindings\n")
	}
	for _, f := range i.Findings {
		fmt.Fprintf(&text, "  %s: %s\n", f.Severity, printable(strings.TrimPrefix(f.Tool+": "+f.Message, ": ")))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func printPermissions(text *strings.Builder, p sdk.Permissions) {
	text.WriteString("\nIt asks for\n")
	if len(p.Hosts)+len(p.Environment)+len(p.Folders)+p.MemoryMiB == 0 {
		text.WriteString("  nothing\n")
	}
	for _, host := range p.Hosts {
		fmt.Fprintf(text, "  connect  %s\n", printable(host))
	}
	for _, folder := range p.Folders {
		fmt.Fprintf(text, "  read     %s\n", printable(folder))
	}
	for _, v := range p.Environment {
		secret := ""
		if v.Secret {
			secret = " (secret)"
		}
		fmt.Fprintf(text, "  know     %s%s  %s\n", printable(v.Name), secret, printable(v.Description))
	}
	if p.MemoryMiB > 0 {
		fmt.Fprintf(text, "  memory   %d MiB\n", p.MemoryMiB)
	}
}

// hintsOf are the hints that say something, each with a comma behind it.
func hintsOf(h sdk.Hints) string {
	text := ""
	for _, hint := range []struct {
		set  bool
		name string
	}{{h.ReadOnly, "read-only"}, {h.Destructive, "destructive"}, {h.Idempotent, "idempotent"}} {
		if hint.set {
			text += hint.name + ", "
		}
	}
	return text
}
