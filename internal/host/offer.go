package host

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
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
	process      process // that runs it in this process; nil for a binary
	version      string
	instructions string
	tools        []Tool
	prompts      []Prompt
	resources    []Resource
	problems     []Problem
}

// examine compiles the schemas of a plugin's tools and quarantines those that no client should see.
func examine(plugin string, process process, m sdk.Manifest) offer {
	return examineWith(plugin, process, m, Tool.check)
}

func examineWith(plugin string, process process, m sdk.Manifest, check func(Tool) error) offer {
	o := offer{plugin: plugin, process: process, version: clip(m.Version, maxTitle), instructions: m.Instructions}
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
		tool := newTool(plugin, described)
		if err := check(tool); err != nil {
			o.leaveOut(cmp.Or(shorten(described.Name), "(no name)"), err)
			continue
		}
		tool.Version = o.version
		o.tools = append(o.tools, tool)
	}
	o.examinePrompts(m)
	o.examineResources(m)
	return o
}

func (o *offer) leaveOut(tool string, err error) {
	o.problems = append(o.problems, Problem{Plugin: o.plugin, Tool: tool, Reason: err.Error()})
}

// maxName leaves room for the prefixes that clients add.
const maxName = 60

// isName reports whether every MCP client accepts a name of a tool or a prompt. A pattern that says so takes longer to compile than a
// plugin's manifest to read.
func isName(name string) bool {
	for n, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (n == 0 || c != '_' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

// newTool readies a tool. Its schemas are compiled when they are first used.
func newTool(plugin string, m sdk.ToolManifest) Tool {
	t := Tool{
		Plugin: plugin, ToolManifest: m, input: compileLater(m.InputSchema),
		redaction: sync.OnceValue(func() audit.Redaction { return audit.NewRedaction(m.InputSchema) }),
	}
	if len(m.OutputSchema) > 0 {
		t.output = compileLater(m.OutputSchema)
	}
	return t
}

// check says why no client should see the tool.
func (t Tool) check() error {
	if !isName(t.Name) {
		return fmt.Errorf("the name must have 1 to 60 letters, digits, _ or - and start with a letter")
	}
	if err := checkText("title", t.Title, maxTitle); err != nil {
		return err
	}
	if err := checkText("description", t.Description, maxDescription); err != nil {
		return err
	}
	if err := t.input.ready(); err != nil {
		return fmt.Errorf("the input schema: %w", err)
	}
	if t.output != nil {
		if err := t.output.ready(); err != nil {
			return fmt.Errorf("the output schema: %w", err)
		}
	}
	return checkDefinition(t)
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
