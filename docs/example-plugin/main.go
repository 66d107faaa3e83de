// Command text-shout is a plugin of mcp-server with one tool. Start reading at newPlugin.
package main

import (
	"context"
	"strings"

	"mcp-server/sdk"
)

func main() { sdk.Serve(newPlugin()) }

// newPlugin is all that the binary offers. What it needs of its surroundings, such as hosts and environment variables, belongs
// into Permissions.
func newPlugin() sdk.Plugin {
	return sdk.Plugin{
		Name: "text-shout", Version: "0.1.0", Description: "Shouts.",
		Tools: []sdk.Tool{shoutTool()},
	}
}

// shoutIn are the tool's arguments: the struct is the schema, and a field without omitempty is required.
type shoutIn struct {
	Text  string `json:"text" jsonschema:"minLength=1,maxLength=1000" jsonschema_description:"The text to shout."`
	Times int    `json:"times,omitempty" jsonschema:"minimum=1,maximum=10,default=1" jsonschema_description:"How often to shout it."`
}

// shoutOut is the tool's result.
type shoutOut struct {
	Text string `json:"text" jsonschema_description:"The text in capitals, as often as asked for."`
}

func shoutTool() sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name: "text_shout", Title: "Shout",
		Description: "Turns a text into capitals; use it when something must be heard.",
		Hints:       sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false},
	}, shout)
}

func shout(_ context.Context, call *sdk.Call, in shoutIn) (shoutOut, error) {
	if strings.TrimSpace(in.Text) == "" {
		return shoutOut{}, sdk.InvalidArgument("text", "is blank; give at least one word")
	}
	call.Logger().Debug("shouting", "times", in.Times)
	words := make([]string, in.Times)
	for n := range words {
		words[n] = strings.ToUpper(in.Text)
	}
	return shoutOut{Text: strings.Join(words, " ")}, nil
}
