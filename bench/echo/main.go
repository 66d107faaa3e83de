// Command echo is the plugin that the benchmarks call: the smallest tool there is, and one that takes its time. It is called
// as its file is, and its tools after it, so that copies of it are different plugins.
package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mcp-server/sdk"
)

type message struct {
	Text string `json:"text" jsonschema_description:"Any text."`
}

type nap struct {
	Milliseconds int `json:"milliseconds" jsonschema:"minimum=0,maximum=60000" jsonschema_description:"How long to sleep, in milliseconds."`
}

func main() {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	prefix := strings.ReplaceAll(name, "-", "_")
	sdk.Serve(sdk.Plugin{
		Name: name, Version: "1", Description: "Returns what it is given.",
		Tools: []sdk.Tool{
			sdk.NewTool(sdk.ToolSpec{
				Name: prefix + "_echo", Title: "Echo", Hints: sdk.Hints{ReadOnly: true, Idempotent: true},
				Description: "Returns its text and does nothing else at all.",
			}, func(_ context.Context, _ *sdk.Call, in message) (message, error) { return in, nil }),
			sdk.NewTool(sdk.ToolSpec{ // no hint says that it may be repeated, so that a crash is seen
				Name: prefix + "_sleep", Title: "Sleep",
				Description: "Sleeps as long as it is told and returns how long that was.",
			}, sleep),
		},
	})
}

func sleep(ctx context.Context, c *sdk.Call, in nap) (nap, error) {
	c.Progress(0, 1, "asleep")
	select {
	case <-time.After(time.Duration(in.Milliseconds) * time.Millisecond):
		return in, nil
	case <-ctx.Done():
		return nap{}, ctx.Err()
	}
}
