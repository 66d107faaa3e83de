package toolcheck

import (
	"fmt"
	"slices"

	"mcp-server/sdk"
)

// Kind says what became of a tool, a prompt, a resource or the permissions.
type Kind string

// The kinds of changes.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Renamed    Kind = "renamed" // the old name is an alias of the new one
	Changed    Kind = "changed"
	Permission Kind = "permission" // it asks for more
)

// Change is one difference between two versions of a plugin.
type Change struct {
	// Tool is the name of the tool, prompt or resource, the old one if it has two; empty for permissions.
	Tool string `json:"tool,omitempty"`
	Kind Kind   `json:"kind"`
	// Breaking says that a call which was right may now fail, or that a result may lack what it had.
	Breaking bool `json:"breaking"`
	// Message says what changed, for the person who accepts it.
	Message string `json:"message"`
}

// String is "breaking|compatible: tool: message".
func (c Change) String() string {
	judgement, subject := "compatible", ""
	if c.Breaking {
		judgement = "breaking"
	}
	if c.Tool != "" {
		subject = c.Tool + ": "
	}
	return fmt.Sprintf("%s: %s%s", judgement, subject, c.Message)
}

// Diff returns what an upgrade changes for those who call the plugin, in the order of the old version, what is new last. What cannot
// be judged, such as another anyOf, counts as breaking.
func Diff(before, after sdk.Manifest) []Change {
	d := &differ{steps: maxSteps}
	d.tools(before.Tools, after.Tools)
	d.prompts(before.Prompts, after.Prompts)
	d.resources(before.Resources, after.Resources)
	d.permissions(before.Permissions, after.Permissions)
	return d.changes
}

// maxChanges bounds what is said of one upgrade.
const maxChanges = 500

// differ collects the changes of one plugin.
type differ struct {
	subject string // of what follows
	changes []Change
	steps   int  // how many schemas and properties may still be compared
	cut     bool // there were more
}

func (d *differ) add(kind Kind, breaking bool, format string, arguments ...any) {
	if len(d.changes) < maxChanges {
		d.changes = append(d.changes, Change{Tool: d.subject, Kind: kind, Breaking: breaking, Message: fmt.Sprintf(format, arguments...)})
	}
}

func (d *differ) breaking(format string, arguments ...any) {
	d.add(Changed, true, format, arguments...)
}

func (d *differ) compatible(format string, arguments ...any) {
	d.add(Changed, false, format, arguments...)
}

func (d *differ) tools(before, after []sdk.ToolManifest) {
	known := map[string]bool{}
	for _, old := range before {
		d.subject = old.Name
		now, found := toolOf(after, old.Name)
		switch {
		case !found:
			d.add(Removed, true, "the tool is gone")
			continue
		case now.Name != old.Name:
			d.add(Renamed, false, "the tool is now called %s; the old name is still answered", now.Name)
		}
		known[now.Name] = true
		d.tool(old, now)
	}
	for _, now := range after {
		if !known[now.Name] {
			d.subject = now.Name
			d.add(Added, false, "the tool is new: %s", now.Title)
		}
	}
}

// toolOf finds a tool by its name, else by an alias.
func toolOf(tools []sdk.ToolManifest, called string) (sdk.ToolManifest, bool) {
	for _, t := range tools {
		if t.Name == called {
			return t, true
		}
	}
	for _, t := range tools {
		if slices.Contains(t.Aliases, called) {
			return t, true
		}
	}
	return sdk.ToolManifest{}, false
}

func (d *differ) tool(old, now sdk.ToolManifest) {
	for _, alias := range old.Aliases {
		if now.Name != alias && !slices.Contains(now.Aliases, alias) {
			d.breaking("calls of its old name %s are no longer answered", alias)
		}
	}
	if old.Title != now.Title || old.Description != now.Description {
		d.compatible("its title or description reads otherwise")
	}
	d.hints(old.Hints, now.Hints)
	if old.TimeoutSeconds != now.TimeoutSeconds {
		d.compatible("a call may take %d s instead of %d s (0: the host's own)", now.TimeoutSeconds, old.TimeoutSeconds)
	}
	if now.TaskRequired && !old.TaskRequired {
		d.breaking("only clients that can wait for a task may call it now")
	}
	if now.Unlisted != old.Unlisted {
		d.compatible("it is in the list from the start: %t", !now.Unlisted)
	}
	d.schemas(input, old.InputSchema, now.InputSchema)
	if (len(old.OutputSchema) == 0) != (len(now.OutputSchema) == 0) {
		d.breaking("its result changes between content blocks and a structure")
		return
	}
	d.schemas(output, old.OutputSchema, now.OutputSchema)
}

// hints judges by what clients do with them: one that approves reading by itself will ask, and one that asks is told less.
func (d *differ) hints(old, now sdk.Hints) {
	for _, hint := range []struct {
		name         string
		old, now, up bool // up: the value that allows more
	}{
		{"reads only", old.ReadOnly, now.ReadOnly, false}, {"is destructive", old.Destructive, now.Destructive, true},
		{"may be repeated", old.Idempotent, now.Idempotent, false}, {"reaches an open world", old.OpenWorld, now.OpenWorld, true},
	} {
		if hint.old != hint.now {
			d.add(Changed, hint.now == hint.up, "it %s: %t instead of %t", hint.name, hint.now, hint.old)
		}
	}
}

func (d *differ) prompts(before, after []sdk.PromptManifest) {
	named := func(name string) func(sdk.PromptManifest) bool {
		return func(p sdk.PromptManifest) bool { return p.Name == name }
	}
	for _, old := range before {
		d.subject = old.Name
		if at := slices.IndexFunc(after, named(old.Name)); at < 0 {
			d.add(Removed, true, "the prompt is gone")
		} else {
			d.prompt(old, after[at])
		}
	}
	for _, now := range after {
		if !slices.ContainsFunc(before, named(now.Name)) {
			d.subject = now.Name
			d.add(Added, false, "the prompt is new: %s", now.Title)
		}
	}
}

func (d *differ) prompt(old, now sdk.PromptManifest) {
	was := map[string]bool{} // whether it was required
	for _, a := range old.Arguments {
		was[a.Name] = a.Required
		if !slices.ContainsFunc(now.Arguments, func(b sdk.PromptArgument) bool { return a.Name == b.Name }) {
			d.breaking("the prompt's argument %q is gone", a.Name)
		}
	}
	for _, a := range now.Arguments {
		required, known := was[a.Name]
		switch {
		case a.Required && !required:
			d.breaking("the prompt's argument %q is now required", a.Name)
		case !known:
			d.compatible("the prompt's argument %q is new, and optional", a.Name)
		}
	}
}

func (d *differ) resources(before, after []sdk.ResourceManifest) {
	at := func(uri string) func(sdk.ResourceManifest) bool {
		return func(r sdk.ResourceManifest) bool { return r.URI == uri }
	}
	for _, old := range before {
		if d.subject = old.Name; !slices.ContainsFunc(after, at(old.URI)) {
			d.add(Removed, true, "the resource %s is gone", old.URI)
		}
	}
	for _, now := range after {
		if d.subject = now.Name; !slices.ContainsFunc(before, at(now.URI)) {
			d.add(Added, false, "the resource %s is new", now.URI)
		}
	}
}

// permissions lists what the plugin asks for and did not before.
func (d *differ) permissions(old, now sdk.Permissions) {
	d.subject = ""
	more := func(what string, old, now []string) {
		for _, one := range now {
			if !slices.Contains(old, one) {
				d.add(Permission, false, "it asks for the %s %s", what, one)
			}
		}
	}
	more("host", old.Hosts, now.Hosts)
	more("variable", variables(old), variables(now))
	more("folder", old.Folders, now.Folders)
	if now.MemoryMiB > old.MemoryMiB {
		d.add(Permission, false, "it asks for %d MiB of memory instead of %d (0: the host's own)", now.MemoryMiB, old.MemoryMiB)
	}
	for _, v := range old.Environment {
		for _, w := range now.Environment {
			if v.Name == w.Name && v.Secret && !w.Secret {
				d.add(Permission, false, "the variable %s is no longer marked as a secret, so it is not cut out of logs", v.Name)
			}
		}
	}
}

func variables(p sdk.Permissions) []string {
	names := make([]string, 0, len(p.Environment))
	for _, v := range p.Environment {
		names = append(names, v.Name)
	}
	return names
}
