package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const preamble = `Tools for cloud templates and archives. A tool named <service>_list_… or <service>_show_… finds ids; ` +
	`a tool that downloads finishes the whole job and returns "artifacts": each has the path of the file on disk, its size and SHA-256. ` +
	`Long calls report progress. An error says what to do next.`

// instructions tell an agent how the tools fit together, and which plugins are missing and why.
func (h *Host) instructions() string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	parts := []string{preamble}
	for _, plugin := range slices.Sorted(maps.Keys(h.catalog.instructions)) {
		if text := h.catalog.instructions[plugin]; text != "" {
			parts = append(parts, text)
		}
	}
	for _, plugin := range slices.Sorted(maps.Keys(h.catalog.starting)) {
		parts = append(parts, fmt.Sprintf("The plugin %s is still starting; its tools come later.", plugin))
	}
	for _, p := range h.catalog.problems {
		what := "plugin " + p.Plugin
		if p.Tool != "" {
			what = fmt.Sprintf("tool %s of the plugin %s", p.Tool, p.Plugin)
		}
		reason, _, _ := strings.Cut(p.Reason, "\n")
		parts = append(parts, fmt.Sprintf("Not available: the %s (%s).", what, shorten(reason)))
	}
	return strings.Join(parts, "\n")
}
