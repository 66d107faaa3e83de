package main

import (
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func runs() []plugintest.ToolRun {
	return []plugintest.ToolRun{
		{Tool: "rfs_list_templates", Arguments: plugintest.Object{}},
		{Tool: "rfs_list_template_versions", Arguments: plugintest.Object{"template_name": emulator.RFSTemplateName}},
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

func TestCompletion(t *testing.T) {
	t.Parallel()
	names := plugintest.Completing{Kind: sdktest.Tool, Name: "rfs_list_template_versions", Completion: sdk.Completion{Argument: "template_name"}, Want: newestFirst}
	plugintest.WantNoCompletions(t, newPlugin, names)
	plugintest.WantCompletions(t, newPlugin, map[string]plugintest.Completing{"names": names})
}

func TestInventory(t *testing.T) {
	t.Parallel()
	sdktest.Inventory(t, newPlugin(func(string) string { return "" }))
}
