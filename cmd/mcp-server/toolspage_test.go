package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mcp-server/internal/host"
)

// property is what the tool reference says of one argument or result.
type property struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Default     any    `json:"default"`
	Enum        []any  `json:"enum"`
	Items       struct {
		Type string `json:"type"`
	} `json:"items"`
}

type toolSchema struct {
	Properties map[string]property `json:"properties"`
	Required   []string            `json:"required"`
}

// toolsTable is the README's overview.
func toolsTable(tools []host.Tool) string {
	var b strings.Builder
	b.WriteString("| tool | arguments (required in bold) | what it does |\n|---|---|---|\n")
	for _, t := range tools {
		in := readSchema(t.InputSchema)
		var names []string
		for _, name := range argumentOrder(in) {
			if name == "region" || name == "project_id" {
				continue
			}
			if slices.Contains(in.Required, name) {
				name = "**" + name + "**"
			}
			names = append(names, name)
		}
		fmt.Fprintf(&b, "| [`%s`](docs/tools.md#%s) | %s | %s |\n", t.Name, t.Name, strings.Join(names, ", "), t.Title)
	}
	return b.String()
}

// toolsPage is the tool reference.
func toolsPage(tools []host.Tool) string {
	var b strings.Builder
	b.WriteString("# Tools\n\nGenerated from the plugins' own descriptions; `make generate` rewrites it. Full schemas: [schemas/tools](../schemas/tools).\n" +
		"Every tool of the cloud also takes the optional arguments `region` and `project_id`.\n")
	for _, t := range tools {
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n\nPlugin `%s`; %s.\n\n", t.Name, t.Title, t.Description, t.Plugin, hintsText(t))
		writeProperties(&b, "argument", readSchema(t.InputSchema))
		b.WriteString("\n")
		writeProperties(&b, "result", readSchema(t.OutputSchema))
	}
	return b.String()
}

func writeProperties(b *strings.Builder, role string, s toolSchema) {
	fmt.Fprintf(b, "| %s | type | |\n|---|---|---|\n", role)
	for _, name := range argumentOrder(s) {
		p := s.Properties[name]
		if role == "argument" && (name == "region" || name == "project_id") {
			continue
		}
		kind := p.Type
		if p.Items.Type != "" {
			kind = "list of " + p.Items.Type
		}
		text := p.Description
		if len(p.Enum) > 0 {
			text += " One of " + strings.Trim(strings.ReplaceAll(fmt.Sprintf("%q", p.Enum), " ", ", "), "[]") + "."
		}
		if p.Default != nil {
			text += fmt.Sprintf(" Default: `%v`.", p.Default)
		}
		if role == "argument" && slices.Contains(s.Required, name) {
			kind += ", required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, kind, strings.ReplaceAll(text, "|", `\|`))
	}
}

func hintsText(t host.Tool) string {
	var hints []string
	for _, h := range []struct {
		set      bool
		yes, not string
	}{
		{t.Hints.ReadOnly, "reads only", "writes"}, {t.Hints.Destructive, "destructive", ""},
		{t.Hints.Idempotent, "may be repeated", "not idempotent"},
	} {
		if text := map[bool]string{true: h.yes, false: h.not}[h.set]; text != "" {
			hints = append(hints, text)
		}
	}
	return strings.Join(hints, ", ")
}

// argumentOrder puts required names first.
func argumentOrder(s toolSchema) []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func readSchema(raw json.RawMessage) toolSchema {
	var s toolSchema
	_ = json.Unmarshal(raw, &s) // the host has compiled it
	return s
}

// promptsTable is the README's overview of prompts.
func promptsTable(prompts []host.Prompt) string {
	var b strings.Builder
	b.WriteString("| prompt | arguments (required in bold) | what it does |\n|---|---|---|\n")
	for _, p := range prompts {
		var names []string
		for _, a := range p.Arguments {
			if a.Required {
				a.Name = "**" + a.Name + "**"
			}
			names = append(names, a.Name)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, strings.Join(names, ", "), p.Title)
	}
	return b.String()
}

// promptsPage is the second part of the tool reference.
func promptsPage(prompts []host.Prompt) string {
	var b strings.Builder
	b.WriteString("\n# Prompts\n\nA person chooses one in the client; its arguments are suggested while they are typed, where it says so.\n")
	for _, p := range prompts {
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n\nPlugin `%s`.\n\n| argument | |\n|---|---|\n", p.Name, p.Title, p.Description, p.Plugin)
		for _, a := range p.Arguments {
			text := a.Description
			if a.Required {
				text += " Required."
			}
			if a.Completes {
				text += " Suggested."
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", a.Name, strings.ReplaceAll(text, "|", `\|`))
		}
	}
	return b.String()
}
