package host

import (
	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/pluginv1"
)

// listed names a tool or a prompt.
type listed struct {
	kind pluginv1.Kind
	name string
}

// list shows or hides a tool or a prompt of the plugin that asks for it, and tells clients.
func (h *Host) list(plugin string, l *pluginv1.Listing) {
	h.mu.Lock()
	owner, notification := h.catalog.tools[l.GetName()].Plugin, mcp.MethodNotificationToolsListChanged
	if l.GetKind() == pluginv1.Kind_KIND_PROMPT {
		owner, notification = h.catalog.prompts[l.GetName()].Plugin, mcp.MethodNotificationPromptsListChanged
	}
	which := listed{l.GetKind(), l.GetName()}
	changes := owner == plugin && h.catalog.unlisted[which] == l.GetListed()
	if changes {
		h.catalog.unlisted[which] = !l.GetListed()
	}
	h.mu.Unlock()
	if changes {
		h.mcp.SendNotificationToAllClients(notification, nil)
	}
}
