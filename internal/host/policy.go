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
	// No rule names what a plugin without tools has, so a list of what is allowed leaves it out.
	return !some && len(h.cfg.Policy.Allow) == 0 && len(caller.Policy.Allow) == 0
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
