package host

import (
	"reflect"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// publish hands mcp-go what has changed, so that clients are told, each list once or twice at most.
func (h *Host) publish(before, after *catalog) {
	for _, p := range after.problems {
		if !h.cfg.Quiet && !slices.Contains(before.problems, p) {
			h.logger.Error("left out", "plugin", p.Plugin, "tool", p.Tool, "reason", p.Reason)
		}
	}
	h.publishTools(before, after)
	h.publishPrompts(before, after)
	h.publishResources(before, after)
}

func (h *Host) publishTools(before, after *catalog) {
	var added []server.ServerTool
	for name, t := range after.tools {
		if was, known := before.tools[name]; !known || !reflect.DeepEqual(was.ToolManifest, t.ToolManifest) {
			added = append(added, server.ServerTool{Tool: t.Definition(), Handler: h.handler(t)})
		}
	}
	if gone := without(before.tools, after.tools); len(gone) > 0 {
		h.mcp.DeleteTools(gone...)
	}
	if len(added) > 0 {
		h.mcp.AddTools(added...)
	}
}

func (h *Host) publishPrompts(before, after *catalog) {
	var added []server.ServerPrompt
	for name, p := range after.prompts {
		if was, known := before.prompts[name]; !known || !reflect.DeepEqual(was.PromptManifest, p.PromptManifest) {
			added = append(added, server.ServerPrompt{Prompt: p.Definition(), Handler: h.promptHandler(p)})
		}
	}
	if gone := without(before.prompts, after.prompts); len(gone) > 0 {
		h.mcp.DeletePrompts(gone...)
	}
	if len(added) > 0 {
		h.mcp.AddPrompts(added...)
	}
}

func (h *Host) publishResources(before, after *catalog) {
	var added []server.ServerResource
	templates := false
	for uri, r := range after.resources {
		if was, known := before.resources[uri]; known && was.Plugin == r.Plugin && reflect.DeepEqual(was.ResourceManifest, r.ResourceManifest) {
			continue
		}
		if r.isTemplate() {
			templates = true
			continue
		}
		added = append(added, server.ServerResource{Resource: r.definition(), Handler: server.ResourceHandlerFunc(h.pluginResourceHandler(r))})
	}
	var gone []string
	for _, uri := range without(before.resources, after.resources) {
		if before.resources[uri].isTemplate() {
			templates = true
		} else {
			gone = append(gone, uri)
		}
	}
	if len(gone) > 0 {
		h.mcp.DeleteResources(gone...)
	}
	if len(added) > 0 {
		h.mcp.AddResources(added...)
	}
	if templates {
		h.mcp.SetResourceTemplates(h.templates(after)...)
	}
}

// templates are the host's own and those of plugins; mcp-go takes them only all at once.
func (h *Host) templates(c *catalog) []server.ServerResourceTemplate {
	all := []server.ServerResourceTemplate{{Template: artifactResources(), Handler: h.readResource}}
	for _, r := range c.resources {
		if !r.isTemplate() {
			continue
		}
		template := mcp.NewResourceTemplate(r.URI, r.Name, mcp.WithTemplateDescription(r.Description), mcp.WithTemplateMIMEType(r.MediaType))
		template.Title, template.Icons = r.Title, icons(r.Icons)
		all = append(all, server.ServerResourceTemplate{Template: template, Handler: server.ResourceTemplateHandlerFunc(h.pluginResourceHandler(r))})
	}
	return all
}

// without are the keys that are missing from the second map.
func without[V any](all, rest map[string]V) []string {
	var missing []string
	for key := range all {
		if _, there := rest[key]; !there {
			missing = append(missing, key)
		}
	}
	return missing
}
