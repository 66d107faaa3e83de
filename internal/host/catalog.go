package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/audit"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// defaultTimeout and maxTimeout bound a call whose tool says nothing, or too much, of its own.
const (
	defaultTimeout = 5 * time.Minute
	maxTimeout     = time.Hour
)

// Tool is one tool that the host offers.
type Tool struct {
	Plugin string
	// Version is the plugin's own.
	Version string
	sdk.ToolManifest

	item      *item
	redaction func() audit.Redaction // of its arguments
	input     *schema                // nil for what is no tool
	output    *schema                // nil when the tool declares none
}

// process is what the host needs of a plugin's process.
type process interface {
	Call(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error)
	Complete(ctx context.Context, c supervisor.Completion) (values []string, total int, err error)
}

func (t Tool) timeout() time.Duration {
	asked := time.Duration(t.TimeoutSeconds) * time.Second
	if asked <= 0 {
		return defaultTimeout
	}
	return min(asked, maxTimeout)
}

// digest is that of the plugin's binary, as sha256:<hexadecimal>; empty when there is none.
func (t Tool) digest() string {
	if t.item == nil || t.item.known.SHA256 == "" {
		return ""
	}
	return "sha256:" + t.item.known.SHA256
}

// Problem is a plugin or a tool that is left out, with the reason and the way on.
type Problem struct {
	Plugin string `json:"plugin"`
	Tool   string `json:"tool,omitempty"`
	Reason string `json:"reason"`
}

// catalog is what is offered at one moment. It is built anew whenever a plugin comes, changes or goes. The host's lock
// guards it.
type catalog struct {
	tools        map[string]Tool
	aliases      map[string]string // the names of tools, by names that they had before
	prompts      map[string]Prompt
	resources    map[string]Resource // by URI or URI template
	unlisted     map[listed]bool     // tools and prompts that are not shown now
	instructions map[string]string   // by plugin
	problems     []Problem
	starting     []string // plugins of which nothing is known yet
}

func newCatalog() catalog {
	return catalog{
		tools: map[string]Tool{}, aliases: map[string]string{}, prompts: map[string]Prompt{}, resources: map[string]Resource{},
		unlisted: map[listed]bool{}, instructions: map[string]string{},
	}
}

// Tools returns all tools, sorted by name.
func (h *Host) Tools() []Tool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.SortedFunc(maps.Values(h.catalog.tools), func(a, b Tool) int { return strings.Compare(a.Name, b.Name) })
}

// Problems returns what was left out so far.
func (h *Host) Problems() []Problem {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Clone(h.catalog.problems)
}

// Ready says why no call can succeed now; nil when some can.
func (h *Host) Ready() error {
	if h.closing.Load() {
		return errors.New("the server is ending")
	}
	if tools := h.Tools(); !slices.ContainsFunc(tools, func(t Tool) bool { return t.Plugin != ownName }) {
		return errors.New("no plugin offers a tool")
	}
	return nil
}

// Tool returns one tool, or an error that names those that there are.
func (h *Host) Tool(name string) (Tool, error) { return h.toolFor(access.Caller{}, name) }

// toolFor is Tool for a caller, who hears only of tools that it may call.
func (h *Host) toolFor(caller access.Caller, name string) (Tool, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if tool, known := h.catalog.tools[h.catalog.named(name)]; known {
		return tool, nil
	}
	var names []string
	for _, t := range h.catalog.tools {
		if h.forbids(caller, t) == "" {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	e := &sdk.Error{
		Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
		Message: fmt.Sprintf("there is no tool %q; there are %s", shorten(name), strings.Join(names, ", ")),
	}
	if missing := h.catalog.missing(); missing != "" {
		e.Code, e.Source = sdk.CodeUnavailable, sdk.SourcePlugin // it may well be one of theirs
		e.Message += ". " + missing
	}
	return Tool{}, e
}

// missing says which plugins are not there, and why; empty when all are.
func (c *catalog) missing() string {
	var sentences []string
	for _, plugin := range c.starting {
		sentences = append(sentences, fmt.Sprintf("The plugin %s is still starting; its tools come later.", plugin))
	}
	for _, p := range c.problems {
		what := "plugin " + p.Plugin
		if p.Tool != "" {
			what = fmt.Sprintf("tool %s of the plugin %s", p.Tool, p.Plugin)
		}
		reason, _, _ := strings.Cut(p.Reason, "\n")
		sentences = append(sentences, fmt.Sprintf("Not available: the %s (%s).", what, clip(reason, 500)))
	}
	return strings.Join(sentences, "\n")
}

// named is a tool's name now, when the given one is an earlier name.
func (c *catalog) named(name string) string {
	if now, renamed := c.aliases[name]; renamed {
		return now
	}
	return name
}
