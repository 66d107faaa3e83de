// Command echo is the plugin that the benchmark calls: the smallest tool there is.
package main

import (
	"context"

	"mcp-server/sdk"
)

type message struct {
	Text string `json:"text" jsonschema_description:"Any text."`
}

func main() {
	sdk.Serve(sdk.Plugin{
		Name: "echo", Version: "1", Description: "Returns its text.",
		Tools: []sdk.Tool{sdk.NewTool(sdk.ToolSpec{
			Name: "bench_echo", Title: "Echo", Hints: sdk.Hints{ReadOnly: true, Idempotent: true},
			Description: "Returns its text and does nothing else at all.",
		}, func(_ context.Context, _ *sdk.Call, in message) (message, error) { return in, nil })},
	})
}
