package main

import (
	"context"
	"sync/atomic"

	"mcp-server/sdk"
)

// The tool and the prompt that come and go.
const (
	dynamicTool   = "test_dynamic_tool"
	dynamicPrompt = "test_dynamic_prompt"
)

// changeTools change what the server offers, so that clients which listen are told.
func changeTools() []sdk.Tool {
	var toolListed, promptListed atomic.Bool
	hidden := spec(dynamicTool, "Comes and goes", "Is listed only after test_trigger_tool_change, and not after the next one.")
	hidden.Unlisted = true
	return []sdk.Tool{
		sdk.NewTool(hidden, func(context.Context, *sdk.Call, none) (sdk.Contents, error) { return says(sdk.Text("Here I am.")) }),
		tool("test_trigger_tool_change", "Change the tools", "Lists or hides test_dynamic_tool, in turns; the suite's server-stateless calls it.",
			func(_ context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.ListTool(dynamicTool, toggle(&toolListed))
				return says(sdk.Text("Mutation triggered"))
			}),
		tool("test_trigger_prompt_change", "Change the prompts", "Lists or hides test_dynamic_prompt, in turns; the suite's server-stateless calls it.",
			func(_ context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.ListPrompt(dynamicPrompt, toggle(&promptListed))
				return says(sdk.Text("Mutation triggered"))
			}),
		tool("test_trigger_resource_change", "Change the resource", "Says that test://watched-resource has changed; for tests of subscriptions.",
			func(_ context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.ResourceUpdated(watchedResource)
				return says(sdk.Text("Mutation triggered"))
			}),
	}
}

// toggle turns a switch and returns what it is now.
func toggle(b *atomic.Bool) bool {
	for {
		before := b.Load()
		if b.CompareAndSwap(before, !before) {
			return !before
		}
	}
}
