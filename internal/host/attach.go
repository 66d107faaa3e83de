package host

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"mcp-server/internal/supervisor"
)

// attach takes in the plugins that run already. They have the server's own credentials, whoever calls.
func (h *Host) attach(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(h.cfg.Plugins.Attached)) {
		plugin, d, err := h.ownTenant().supervisorNow().Attach(ctx, name, h.cfg.Plugins.Attached[name])
		if err != nil {
			return fmt.Errorf("attaching to a plugin that runs already: %w", err)
		}
		h.attached = append(h.attached, plugin)
		h.logger.Warn("the plugin is run by somebody else: it is neither bounded nor started again", "plugin", name)
		h.update(func(s *shelf) {
			s.put(&item{
				name: name, known: supervisor.Known{Manifest: d.Manifest}, offer: examine(name, plugin, d.Manifest), process: plugin, attached: true,
			})
		})
	}
	return nil
}
