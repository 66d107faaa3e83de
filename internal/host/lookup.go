package host

import (
	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// find returns a tool, or a prompt or a resource as if it were one, so that all are called in one way.
func (h *Host) find(caller access.Caller, kind pluginv1.Kind, name string) (Tool, error) {
	if kind == pluginv1.Kind_KIND_TOOL {
		return h.toolFor(caller, name)
	}
	it, err := h.offerer(kind, name)
	if err != nil {
		return Tool{}, err
	}
	return Tool{
		Plugin: it.name, Version: it.offer.version, item: it,
		ToolManifest: sdk.ToolManifest{Name: name, Hints: sdk.Hints{ReadOnly: true, Idempotent: true}},
	}, nil
}

// offerer returns whose a tool, prompt or resource is.
func (h *Host) offerer(kind pluginv1.Kind, name string) (*item, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var it *item
	switch kind {
	case pluginv1.Kind_KIND_TOOL:
		it = h.catalog.tools[h.catalog.named(name)].item
	case pluginv1.Kind_KIND_PROMPT:
		it = h.catalog.prompts[name].item
	default:
		it = h.catalog.resources[name].item
	}
	if it == nil {
		return nil, &sdk.Error{Code: sdk.CodeNotFound, Source: sdk.SourceArgument, Message: "there is nothing to complete of the name " + shorten(name)}
	}
	return it, nil
}
