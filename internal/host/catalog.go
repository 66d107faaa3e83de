package host

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

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
	sdk.ToolManifest

	process process
	input   *schema
}

// process is what the host needs of a plugin's process.
type process interface {
	Call(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error)
}

func (t Tool) timeout() time.Duration {
	asked := time.Duration(t.TimeoutSeconds) * time.Second
	if asked <= 0 {
		return defaultTimeout
	}
	return min(asked, maxTimeout)
}

// Problem is a plugin or a tool that is left out, with the reason and the way on.
type Problem struct {
	Plugin string `json:"plugin"`
	Tool   string `json:"tool,omitempty"`
	Reason string `json:"reason"`
}

// catalog is what the plugins offer. The host's lock guards it.
type catalog struct {
	tools        map[string]Tool
	instructions map[string]string // by plugin
	problems     []Problem
	starting     map[string]bool
}

func newCatalog() catalog {
	return catalog{tools: map[string]Tool{}, instructions: map[string]string{}, starting: map[string]bool{}}
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

// Tool returns one tool, or an error that names near ones.
func (h *Host) Tool(name string) (Tool, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	tool, known := h.catalog.tools[name]
	if known {
		return tool, nil
	}
	names := slices.Sorted(maps.Keys(h.catalog.tools))
	return Tool{}, &sdk.Error{
		Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
		Message: fmt.Sprintf("there is no tool %q; there are %s", shorten(name), strings.Join(names, ", ")),
	}
}

func (h *Host) expect(plugin string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catalog.starting[plugin] = true
}

func (h *Host) arrived(plugin string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.catalog.starting, plugin)
}

// report leaves a plugin or a tool out, in the log and in the catalog.
func (h *Host) report(p Problem) {
	h.logger.Error("left out", "plugin", p.Plugin, "tool", p.Tool, "reason", p.Reason)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catalog.problems = append(h.catalog.problems, p)
}

// add takes a started plugin's tools in, and quarantines those that no client should see.
func (h *Host) add(plugin string, process process, manifest sdk.Manifest) {
	var accepted []Tool
	for _, described := range manifest.Tools {
		tool, err := newTool(plugin, process, described)
		if err == nil {
			err = h.claimName(tool)
		}
		if err != nil {
			h.report(Problem{Plugin: plugin, Tool: cmp.Or(shorten(described.Name), "(no name)"), Reason: err.Error()})
			continue
		}
		accepted = append(accepted, tool)
	}
	h.mu.Lock()
	h.catalog.instructions[plugin] = manifest.Instructions
	delete(h.catalog.starting, plugin)
	h.mu.Unlock()
	h.register(accepted)
}

func (h *Host) claimName(tool Tool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if owner, taken := h.catalog.tools[tool.Name]; taken {
		return fmt.Errorf("the plugin %s has a tool of that name already; rename one of them", owner.Plugin)
	}
	h.catalog.tools[tool.Name] = tool
	return nil
}

// toolName is what every MCP client accepts, with room for the prefixes that clients add.
var toolName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,59}$`)

func newTool(plugin string, process process, m sdk.ToolManifest) (Tool, error) {
	if !toolName.MatchString(m.Name) {
		return Tool{}, fmt.Errorf("the name must have 1 to 60 letters, digits, _ or - and start with a letter")
	}
	if strings.TrimSpace(m.Description) == "" {
		return Tool{}, fmt.Errorf("it has no description")
	}
	input, err := compile(m.InputSchema)
	if err != nil {
		return Tool{}, fmt.Errorf("the input schema: %w", err)
	}
	if len(m.OutputSchema) > 0 {
		if _, err := compile(m.OutputSchema); err != nil {
			return Tool{}, fmt.Errorf("the output schema: %w", err)
		}
	}
	tool := Tool{Plugin: plugin, ToolManifest: m, process: process, input: input}
	return tool, checkDefinition(tool)
}
