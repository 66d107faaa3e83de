package host

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// ownName is the name under which the host's own tools stand in the catalog.
const ownName = "mcp-server"

// ownTools are the host's own, written as a plugin's are and run in this process.
type ownTools map[string]sdk.Tool

func (o ownTools) Call(ctx context.Context, r supervisor.Request, _ pluginv1.Events) (json.RawMessage, error) {
	return o[r.Tool].Invoke(ctx, nil, r.Arguments)
}

func (o ownTools) Complete(context.Context, supervisor.Completion) ([]string, int, error) {
	return nil, 0, nil
}

// addOwnTools takes the host's own tools in, before any plugin can take their names.
func (h *Host) addOwnTools() error {
	p := sdk.Plugin{
		Name: ownName, Version: cmp.Or(h.cfg.Version, "dev"), Description: "The server's own tools.",
		Tools: []sdk.Tool{h.artifactListTool(), h.artifactReadTool()},
	}
	manifest, err := p.Manifest()
	if err != nil {
		return fmt.Errorf("describing the server's own tools: %w", err)
	}
	own := ownTools{}
	for n, tool := range p.Tools {
		own[manifest.Tools[n].Name] = tool
	}
	h.add(examine(ownName, own, manifest))
	return nil
}
