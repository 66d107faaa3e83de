package host

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"mcp-server/internal/audit"
	"mcp-server/sdk"
)

// What one plugin may put into the answers that every client reads whole: tools/list and the instructions.
const (
	maxTools        = 200 // of one plugin
	maxTitle        = 200
	maxDescription  = 4000
	maxInstructions = 4000
)

// offer is what a plugin offers, examined: its good tools, and what is wrong with the others.
type offer struct {
	plugin       string
	version      string
	instructions string
	tools        []Tool
	prompts      []Prompt
	resources    []Resource
	problems     []Problem
}

// examine compiles the schemas of a plugin's tools and quarantines those that no client should see.
func examine(plugin string, process process, m sdk.Manifest) offer {
	o := offer{plugin: plugin, version: clip(m.Version, maxTitle), instructions: m.Instructions}
	if extra := len(m.Tools) - maxTools; extra > 0 {
		o.leaveOut("", fmt.Errorf("it has %d tools, and only the first %d are taken", len(m.Tools), maxTools))
		m.Tools = m.Tools[:maxTools]
	}
	if m.Instructions != "" {
		if err := checkText("instructions", m.Instructions, maxInstructions); err != nil {
			o.leaveOut("", fmt.Errorf("its instructions are not passed on: %w", err))
			o.instructions = ""
		}
	}
	for _, described := range m.Tools {
		tool, err := newTool(plugin, process, described)
		if err != nil {
			o.leaveOut(cmp.Or(shorten(described.Name), "(no name)"), err)
			continue
		}
		tool.Version = o.version
		o.tools = append(o.tools, tool)
	}
	o.examinePrompts(process, m)
	o.examineResources(process, m)
	return o
}

func (o *offer) leaveOut(tool string, err error) {
	o.problems = append(o.problems, Problem{Plugin: o.plugin, Tool: tool, Reason: err.Error()})
}

// toolName is what every MCP client accepts, with room for the prefixes that clients add.
var toolName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,59}$`)

func newTool(plugin string, process process, m sdk.ToolManifest) (Tool, error) {
	if !toolName.MatchString(m.Name) {
		return Tool{}, fmt.Errorf("the name must have 1 to 60 letters, digits, _ or - and start with a letter")
	}
	if err := checkText("title", m.Title, maxTitle); err != nil {
		return Tool{}, err
	}
	if err := checkText("description", m.Description, maxDescription); err != nil {
		return Tool{}, err
	}
	tool := Tool{Plugin: plugin, ToolManifest: m, process: process, redaction: audit.NewRedaction(m.InputSchema)}
	var err error
	if tool.input, err = compile(m.InputSchema); err != nil {
		return Tool{}, fmt.Errorf("the input schema: %w", err)
	}
	if len(m.OutputSchema) > 0 {
		if tool.output, err = compile(m.OutputSchema); err != nil {
			return Tool{}, fmt.Errorf("the output schema: %w", err)
		}
	}
	return tool, checkDefinition(tool)
}

func checkText(what, text string, most int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("it has no %s", what)
	case utf8.RuneCountInString(text) > most:
		return fmt.Errorf("its %s has more than %d characters", what, most)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return fmt.Errorf("its %s has control characters", what)
	}
	return nil
}
