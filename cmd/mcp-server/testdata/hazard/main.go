// Command hazard is a plugin that does what a server must survive. What it does at its start, its file name says; what it does
// in a call, the tool. Start reading at main.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mcp-server/sdk"
)

func main() {
	name := filepath.Base(os.Args[0])
	kind, _, _ := strings.Cut(name, "-")
	p := hazard(name)
	switch kind {
	case "exits":
		_, _ = fmt.Fprintln(os.Stderr, "the frobnicator is missing")
		os.Exit(3)
	case "chatty":
		_, _ = os.NewFile(1, "stdout").WriteString("hello before the handshake\n{\"jsonrpc\":\"2.0\"}\n")
	case "version9":
		_, _ = fmt.Fprintf(os.NewFile(1, "stdout"), "1|9|unix|%s/x|grpc|\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
		time.Sleep(time.Hour)
	case "mute":
		time.Sleep(time.Hour)
	case "huge":
		p.Tools = []sdk.Tool{huge(name)}
	}
	sdk.Serve(p)
}

// huge has a schema that no client should have to read.
func huge(name string) sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name: toolName(name, "huge"), Title: "Huge", Description: "Has a schema of a hundred kilobytes, for tests.", Hints: sdk.Hints{ReadOnly: true},
	}, func(context.Context, *sdk.Call, hugeIn) (none, error) { return none{}, nil })
}

type hugeIn struct {
	Text hugeText `json:"text" jsonschema_description:"A text."`
}

func toolName(plugin, tool string) string { return strings.ReplaceAll(plugin, "-", "_") + "_" + tool }

type none struct{}

type number struct {
	N int `json:"n,omitempty" jsonschema_description:"A number."`
}

type text struct {
	Text string `json:"text" jsonschema_description:"A text."`
}

type answer struct {
	Text string `json:"text" jsonschema_description:"What came of it."`
	PID  int    `json:"pid" jsonschema_description:"The plugin's process."`
}

func done(text string) answer { return answer{text, os.Getpid()} }

func hazard(name string) sdk.Plugin {
	safe, unsafe := sdk.Hints{ReadOnly: true, Idempotent: true}, sdk.Hints{}
	return sdk.Plugin{
		Name: name, Version: "1.0.0", Description: "Does what a server must survive.",
		Permissions: sdk.Permissions{
			Hosts:       []string{"$HAZARD_URL"},
			Environment: []sdk.EnvVar{{Name: "HAZARD_URL", Description: "Where it may post to."}, {Name: "HAZARD_FOLDER", Description: "What it may read."}},
			Folders:     []string{"$HAZARD_FOLDER"}, MemoryMiB: 512,
		},
		Tools: []sdk.Tool{
			tool(name, "echo", safe, func(_ context.Context, _ *sdk.Call, in text) (answer, error) { return done(in.Text), nil }),
			tool(name, "sleep", safe, sleep),
			tool(name, "post", unsafe, post),
			tool(name, "panic", safe, panicAside),
			tool(name, "exit", unsafe, func(context.Context, *sdk.Call, number) (answer, error) { os.Exit(7); return answer{}, nil }),
			tool(name, "fork", safe, fork),
			tool(name, "stop", safe, stopSelf),
			tool(name, "eat", safe, eat),
			tool(name, "flood", safe, flood),
			tool(name, "big", safe, func(_ context.Context, _ *sdk.Call, in number) (answer, error) {
				return done(strings.Repeat("b", in.N<<20)), nil
			}),
			tool(name, "never", safe, func(_ context.Context, call *sdk.Call, _ number) (answer, error) {
				call.Progress(0, 0, "never")
				time.Sleep(time.Hour) // whatever becomes of the context
				return answer{}, nil
			}),
			tool(name, "read", safe, read),
			tool(name, "connect", safe, connect),
			tool(name, "fetch", safe, fetch),
		},
	}
}

func tool[In any](plugin, name string, hints sdk.Hints, handler sdk.Handler[In, answer]) sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name: toolName(plugin, name), Title: name, Description: "Does what a server must survive, for tests: " + name + ".", Hints: hints, Timeout: 20 * time.Second,
	}, handler)
}
