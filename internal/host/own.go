package host

import (
	"cmp"
	"context"
	_ "embed" // of the description
	"encoding/json"
	"fmt"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// ownName is the name under which the host's own tools stand in the catalog.
const ownName = "mcp-server"

// ownDescription is the manifest of ownPlugin as JSON. It is generated, because reflecting and compiling the schemas would be a
// tenth of every start.
//
//go:embed own.json
var ownDescription []byte

// ownTools are the host's own, written as a plugin's are and run in this process.
type ownTools map[string]sdk.Tool

func (o ownTools) Call(ctx context.Context, r supervisor.Request, _ pluginv1.Events) (json.RawMessage, error) {
	return o[r.Tool].Invoke(ctx, nil, r.Arguments)
}

func (o ownTools) Complete(context.Context, supervisor.Completion) ([]string, int, error) {
	return nil, 0, nil
}

func (h *Host) ownPlugin() sdk.Plugin {
	return sdk.Plugin{
		Name: ownName, Version: "generated", Description: "The server's own tools.",
		Tools: []sdk.Tool{h.artifactListTool(), h.artifactReadTool()},
	}
}

// addOwnTools takes the host's own tools in, before any plugin can take their names. A test has examined them as a plugin's are.
func (h *Host) addOwnTools() error {
	var manifest sdk.Manifest
	if err := json.Unmarshal(ownDescription, &manifest); err != nil {
		return fmt.Errorf("reading the description of the server's own tools: %w", err)
	}
	own := ownTools{}
	o := offer{plugin: ownName, process: own, version: cmp.Or(h.cfg.Version, "dev")}
	for n, tool := range h.ownPlugin().Tools {
		m := manifest.Tools[n]
		own[m.Name] = tool
		t := newTool(ownName, m)
		t.Version = o.version
		o.tools = append(o.tools, t)
	}
	h.add(o)
	return nil
}
