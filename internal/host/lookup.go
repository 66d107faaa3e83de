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
	plugin, process, err := h.offerer(kind, name)
	if err != nil {
		return Tool{}, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return Tool{
		Plugin: plugin, Version: h.catalog.versions[plugin], process: process,
		ToolManifest: sdk.ToolManifest{Name: name, Hints: sdk.Hints{ReadOnly: true, Idempotent: true}},
	}, nil
}

// offerer returns whose a tool, prompt or resource is.
func (h *Host) offerer(kind pluginv1.Kind, name string) (plugin string, process process, err error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var known bool
	switch kind {
	case pluginv1.Kind_KIND_TOOL:
		var t Tool
		t, known = h.catalog.tools[name]
		plugin, process = t.Plugin, t.process
	case pluginv1.Kind_KIND_PROMPT:
		var p Prompt
		p, known = h.catalog.prompts[name]
		plugin, process = p.Plugin, p.process
	default:
		var r Resource
		r, known = h.catalog.resources[name]
		plugin, process = r.Plugin, r.process
	}
	if !known {
		return "", nil, &sdk.Error{Code: sdk.CodeNotFound, Source: sdk.SourceArgument, Message: "there is nothing to complete of the name " + shorten(name)}
	}
	return plugin, process, nil
}
