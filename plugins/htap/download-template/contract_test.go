package main

import (
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk/sdktest"
)

func runs() []plugintest.ToolRun {
	return []plugintest.ToolRun{
		{Tool: "htap_list_instances", Arguments: plugintest.Object{"instance_id": emulator.TaurusDBInstanceID}},
		{Tool: "htap_download_template", Arguments: plugintest.Object{"instance_id": emulator.HTAPInstanceID}},
	}
}

func TestEveryRequestIsReported(t *testing.T) {
	t.Parallel()
	plugintest.WantAllReported(t, plugintest.Start(t, newPlugin, emulator.Config{}), runs())
}

func TestErrorContract(t *testing.T) {
	t.Parallel()
	plugintest.WantErrorContract(t, newPlugin, runs())
}

func TestInventory(t *testing.T) {
	t.Parallel()
	sdktest.Inventory(t, newPlugin(func(string) string { return "" }))
}
