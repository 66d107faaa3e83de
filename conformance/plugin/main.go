// Command plugin holds what the MCP conformance suite calls on a server (@modelcontextprotocol/conformance, src/scenarios/server):
// names, texts and forms are the suite's. It reaches clients as any plugin does, so the suite judges that whole way. Start
// reading at [conformance].
package main

import (
	"context"
	"time"

	"mcp-server/sdk"
)

func main() { sdk.Serve(conformance()) }

// conformance is the plugin. Its state, what is listed just now, is as old as the value.
func conformance() sdk.Plugin {
	p := sdk.Plugin{
		Name: "conformance", Version: "1.0.0", Description: "What the MCP conformance suite calls on a server.",
		Prompts: prompts(), Resources: resources(),
	}
	for _, tools := range [][]sdk.Tool{contentTools(), askTools(), roundTools(), taskTools(), changeTools(), schemaTools()} {
		p.Tools = append(p.Tools, tools...)
	}
	return p
}

// none are no arguments.
type none struct{}

// tool is a tool of content blocks that changes nothing; the suite says what each is for.
func tool[In any](name, title, description string, handler sdk.Handler[In, sdk.Contents]) sdk.Tool {
	return sdk.NewTool(spec(name, title, description), handler)
}

func spec(name, title, description string) sdk.ToolSpec {
	return sdk.ToolSpec{Name: name, Title: title, Description: description, Hints: sdk.Hints{ReadOnly: true, Idempotent: true}}
}

// says is the result of a tool that answers with blocks.
func says(blocks ...sdk.Content) (sdk.Contents, error) { return sdk.Contents{Blocks: blocks}, nil }

// wait lets time pass, as the suite wants between events, unless the call ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
