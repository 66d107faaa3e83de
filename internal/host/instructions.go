package host

import (
	"maps"
	"slices"
	"strings"

	"mcp-server/internal/access"
)

const preamble = `Tools for cloud templates and archives. A tool named <service>_list_… or <service>_show_… finds ids; ` +
	`a tool that downloads finishes the whole job and returns "artifacts": each has the path of the file on disk (a caller elsewhere gets a link), its size, SHA-256 and a preview; artifact_read reads more of it, also inside a zip or a workbook, and artifact_list finds it again. ` +
	`Long calls report progress. An error says what to do next.`

// instructions tell an agent how the tools fit together, as far as the caller may use them, and which plugins are missing
// and why.
func (h *Host) instructions(caller access.Caller) string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	parts := []string{preamble}
	for _, plugin := range slices.Sorted(maps.Keys(h.catalog.instructions)) {
		if text := h.catalog.instructions[plugin]; text != "" && h.mayUse(caller, plugin) {
			parts = append(parts, text)
		}
	}
	if missing := h.catalog.missing(); missing != "" {
		parts = append(parts, missing)
	}
	return strings.Join(parts, "\n")
}
