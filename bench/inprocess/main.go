// Command inprocess is the floor that the host is measured against: mcp-go's own server with the tools inside. Its argument is a
// file of definitions as mcp-server tools -o json prints them, which do nothing here; without one there is the echo tool.
// Start reading at main.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	tools := []server.ServerTool{echo()}
	if len(args) > 0 {
		var err error
		if tools, err = read(args[0]); err != nil {
			return err
		}
	}
	s := server.NewMCPServer("inprocess", "1", server.WithToolCapabilities(false))
	if len(tools) > 0 {
		s.AddTools(tools...)
	}
	return server.ServeStdio(s)
}

func echo() server.ServerTool {
	schema := json.RawMessage(`{"type":"object","additionalProperties":false,"required":["text"],"properties":{"text":{"type":"string"}}}`)
	return server.ServerTool{
		Tool: mcp.NewToolWithRawSchema("bench_echo", "Returns its text.", schema),
		Handler: func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			text, err := r.RequireString("text")
			if err != nil {
				return nil, err
			}
			out, err := json.Marshal(map[string]string{"text": text})
			if err != nil {
				return nil, err
			}
			return &mcp.CallToolResult{Content: []mcp.Content{mcp.NewTextContent(string(out))}, RawStructuredContent: out}, nil
		},
	}
}

// read makes tools of a file of definitions, with their schemas byte for byte.
func read(path string) ([]server.ServerTool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Tools []struct {
			Name         string             `json:"name"`
			Title        string             `json:"title"`
			Description  string             `json:"description"`
			InputSchema  json.RawMessage    `json:"inputSchema"`
			OutputSchema json.RawMessage    `json:"outputSchema"`
			Annotations  mcp.ToolAnnotation `json:"annotations"`
		} `json:"tools"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	tools := make([]server.ServerTool, 0, len(file.Tools))
	for _, t := range file.Tools {
		tool := mcp.NewToolWithRawSchema(t.Name, t.Description, t.InputSchema)
		tool.Title, tool.RawOutputSchema, tool.Annotations = t.Title, t.OutputSchema, t.Annotations
		tools = append(tools, server.ServerTool{Tool: tool, Handler: nothing})
	}
	return tools, nil
}

func nothing(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	return nil, errors.New("this tool is only listed")
}
