// Command example-plugin is the whole of a plugin: one tool, from struct to schema to process.
package main

import (
	"context"
	"strings"

	"mcp-server/sdk"
)

type in struct {
	Text string `json:"text" jsonschema:"minLength=1,maxLength=1000" jsonschema_description:"The text to shout."`
}

type out struct {
	Text string `json:"text" jsonschema_description:"The text in capitals."`
}

func main() {
	sdk.Serve(sdk.Plugin{
		Name: "example-plugin", Version: "1.0.0", Description: "Shouts.",
		Tools: []sdk.Tool{sdk.NewTool(sdk.ToolSpec{
			Name: "text_shout", Title: "Shout", Hints: sdk.Hints{ReadOnly: true, Idempotent: true},
			Description: "Turns a text into capitals; use it when something must be heard.",
		}, func(_ context.Context, _ *sdk.Call, in in) (out, error) {
			return out{Text: strings.ToUpper(in.Text)}, nil
		})},
	})
}
