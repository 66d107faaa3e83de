// Package toolcheck judges what a plugin describes without running it: what a strict client would reject and what breaks the
// house rules, how much of a model's context the tools take, and whether an upgrade breaks those who call them. Start reading at [Lint].
package toolcheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"mcp-server/sdk"
)

// Severity says how much a [Finding] matters.
type Severity string

// The severities: some client rejects the tool, or the whole list with it; or the tool is merely worse than it could be.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// The rules, as [Finding.Rule] names them.
const (
	RuleName        = "name"           // letters, digits, _ and -, at most 60, first a letter
	RuleClash       = "clash"          // a name that two tools, prompts or aliases have
	RuleTitle       = "title"          // missing
	RuleDescription = "description"    // missing, or not of 40 to 400 characters that end with a full stop
	RuleSchema      = "schema"         // no JSON, not of an object, too deep
	RuleClosed      = "closed"         // an object that takes unknown properties
	RuleReference   = "reference"      // a $ref that leaves the schema
	RuleTypeArray   = "type-array"     // "type": ["string", "null"]
	RuleBoolean     = "boolean-schema" // true or false in the place of a schema
	RuleCombination = "combination"    // anyOf, oneOf or allOf at the top
	RuleProperty    = "property"       // a property without a description, or with a name that clients refuse
	RuleIcon        = "icon"           // not an https address
)

// Finding is one thing that is wrong.
type Finding struct {
	// Tool is the name of the tool, prompt or resource.
	Tool string `json:"tool,omitempty"`
	// Rule is one of the Rule constants.
	Rule string `json:"rule"`
	// Message says what is wrong and where, for the plugin's author.
	Message  string   `json:"message"`
	Severity Severity `json:"severity"`
}

// String is "severity: tool: message (rule)".
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s (%s)", f.Severity, f.Tool, f.Message, f.Rule)
}

// maxFindings bounds what is said of one plugin.
const maxFindings = 200

// name is what every client accepts, with room for the prefixes that clients add.
var name = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,59}$`) })

// Lint returns what is wrong with a plugin's description, in its order. Every schema of it is walked to a fixed depth, whoever wrote it.
func Lint(m sdk.Manifest) []Finding {
	l := &linter{names: map[string]bool{}}
	for _, t := range m.Tools {
		l.subject = t.Name
		l.tool(t)
	}
	for _, t := range m.Tools { // after all names, so that it is the alias which clashes
		l.subject = t.Name
		l.aliases(t.Aliases)
	}
	l.names = map[string]bool{}
	for _, p := range m.Prompts {
		l.subject = p.Name
		l.prompt(p)
	}
	for _, r := range m.Resources {
		l.subject = r.Name
		l.icons(r.Icons)
	}
	return l.found
}

// linter collects the findings of one plugin.
type linter struct {
	subject string // of what follows
	names   map[string]bool
	found   []Finding
}

func (l *linter) report(severity Severity, rule, format string, arguments ...any) {
	if len(l.found) < maxFindings {
		l.found = append(l.found, Finding{Tool: l.subject, Rule: rule, Message: fmt.Sprintf(format, arguments...), Severity: severity})
	}
}

func (l *linter) tool(t sdk.ToolManifest) {
	l.texts(t.Name, t.Title, t.Description)
	l.schema(input, t.InputSchema)
	if len(t.OutputSchema) > 0 {
		l.schema(output, t.OutputSchema)
	}
	l.icons(t.Icons)
}

func (l *linter) prompt(p sdk.PromptManifest) {
	l.texts(p.Name, p.Title, p.Description)
	for _, a := range p.Arguments {
		if strings.TrimSpace(a.Description) == "" {
			l.report(Warning, RuleProperty, "the argument %q has no description", a.Name)
		}
	}
	l.icons(p.Icons)
}

func (l *linter) texts(called, title, description string) {
	if !name().MatchString(called) {
		l.report(Error, RuleName, "the name must have 1 to 60 letters, digits, _ or - and start with a letter")
	}
	if l.names[called] {
		l.report(Error, RuleClash, "the name is defined twice")
	}
	l.names[called] = true
	if strings.TrimSpace(title) == "" {
		l.report(Warning, RuleTitle, "it has no title, which is what people see")
	}
	n := utf8.RuneCountInString(description)
	switch {
	case strings.TrimSpace(description) == "":
		l.report(Error, RuleDescription, "it has no description, so a model cannot know when to use it")
	case n < 40 || n > 400 || !strings.HasSuffix(description, "."):
		l.report(Warning, RuleDescription, "the description has %d characters; want 40 to 400 that end with a full stop", n)
	}
}

func (l *linter) aliases(of []string) {
	for _, alias := range of {
		if !name().MatchString(alias) {
			l.report(Error, RuleName, "the alias %.80q must have 1 to 60 letters, digits, _ or - and start with a letter", alias)
		}
		if l.names[alias] {
			l.report(Error, RuleClash, "the alias %q is also the name of a tool, or an alias given before", alias)
		}
		l.names[alias] = true
	}
}

// icons wants addresses: clients fetch them, and some refuse or choke on pictures inside the list.
func (l *linter) icons(of []sdk.Icon) {
	if slices.ContainsFunc(of, func(i sdk.Icon) bool { return !strings.HasPrefix(i.Src, "https://") }) {
		l.report(Error, RuleIcon, "an icon is not an https address; a data: URI is repeated in every list")
	}
}
