package host

import (
	"context"
	"fmt"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// permit refuses what the server's policy or the caller's does not allow.
func (h *Host) permit(caller access.Caller, t Tool) error {
	if reason := h.forbids(caller, t); reason != "" {
		return &sdk.Error{
			Code: sdk.CodePermissionDenied, Source: sdk.SourceHost,
			Message: fmt.Sprintf("the tool %s may not be called here: %s", t.Name, reason),
		}
	}
	return nil
}

// forbids returns why a tool may not be called; empty when it may.
func (h *Host) forbids(caller access.Caller, t Tool) string {
	about := access.Tool{
		Name: t.Name, Plugin: t.Plugin,
		ReadOnly: t.Hints.ReadOnly, Destructive: t.Hints.Destructive, Idempotent: t.Hints.Idempotent, OpenWorld: t.Hints.OpenWorld,
	}
	for _, policy := range []access.Policy{h.cfg.Policy, caller.Policy} {
		if ok, reason := policy.Permits(about); !ok {
			return reason
		}
	}
	return ""
}

// mayUse reports whether the caller may call a tool of the plugin. The host's lock is held.
func (h *Host) mayUse(caller access.Caller, plugin string) bool {
	some := false
	for _, t := range h.catalog.tools {
		if t.Plugin != plugin {
			continue
		}
		if h.forbids(caller, t) == "" {
			return true
		}
		some = true
	}
	// What a plugin without tools has, only reads, and has no name that a rule could mean but one that means all.
	return !some && h.forbids(caller, Tool{Plugin: plugin, ToolManifest: sdk.ToolManifest{Hints: sdk.Hints{ReadOnly: true, Idempotent: true}}}) == ""
}

// filterTools hides what is not listed now and what the caller may not call.
func (h *Host) filterTools(ctx context.Context, all []mcp.Tool) []mcp.Tool {
	caller := access.CallerOf(ctx)
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(all), func(t mcp.Tool) bool {
		return h.catalog.unlisted[listed{pluginv1.Kind_KIND_TOOL, t.Name}] || h.forbids(caller, h.catalog.tools[t.Name]) != ""
	})
}
