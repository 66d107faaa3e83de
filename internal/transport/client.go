package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/client"
	stdio "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
)

// Client speaks MCP to a server that it has started as a child process.
type Client struct {
	mcp      *client.Client
	progress func(host.Progress)
	// Server is the name and version that the server gave.
	Server string
	// Instructions are what the server tells an agent.
	Instructions string
}

// StartServer starts a server process, whose standard input and output become the connection, and completes the MCP
// handshake with it. Progress gets the reports of all calls.
func StartServer(ctx context.Context, command *exec.Cmd, progress func(host.Progress)) (*Client, error) {
	if command.Stderr == nil {
		command.Stderr = io.Discard // otherwise mcp-go's own pipe, which it closes before the server has ended
	}
	t := stdio.NewStdioWithOptions(command.Path, nil, command.Args[1:],
		stdio.WithCommandFunc(func(context.Context, string, []string, []string) (*exec.Cmd, error) { return command, nil }))
	c := &Client{mcp: client.NewClient(t), progress: progress}
	c.mcp.OnNotification(c.notified)
	if err := c.mcp.Start(ctx); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	hello, err := c.mcp.Initialize(ctx, mcp.InitializeRequest{Params: mcp.InitializeParams{
		ProtocolVersion: mcp.LATEST_PROTOCOL_VERSION,
		ClientInfo:      mcp.Implementation{Name: "mcp-server demo", Version: "1"},
	}})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greeting the server: %w", err), c.Close())
	}
	c.Server = hello.ServerInfo.Name + " " + hello.ServerInfo.Version
	c.Instructions = hello.Instructions
	return c, nil
}

// Tools returns the names of the server's tools.
func (c *Client) Tools(ctx context.Context) ([]string, error) {
	listed, err := c.mcp.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		return nil, fmt.Errorf("listing the tools: %w", err)
	}
	names := make([]string, len(listed.Tools))
	for i, tool := range listed.Tools {
		names[i] = tool.Name
	}
	return names, nil
}

// Call calls one tool and reads its structured result into out. A failed tool is an error with the tool's own text.
func (c *Client) Call(ctx context.Context, tool string, arguments, out any) error {
	request := mcp.CallToolRequest{Params: mcp.CallToolParams{
		Name: tool, Arguments: arguments,
		Meta: &mcp.Meta{ProgressToken: fmt.Sprintf("%s-%d", tool, time.Now().UnixNano())},
	}}
	result, err := c.mcp.CallTool(ctx, request)
	if err != nil {
		return fmt.Errorf("calling %s: %w", tool, err)
	}
	if result.IsError {
		return fmt.Errorf("%s answered: %s", tool, textOf(result))
	}
	structured, err := json.Marshal(result.StructuredContent)
	if err != nil {
		return fmt.Errorf("reading the result of %s: %w", tool, err)
	}
	if err := json.Unmarshal(structured, out); err != nil {
		return fmt.Errorf("reading the result of %s: %w", tool, err)
	}
	return nil
}

// Close ends the server by closing its input, and waits for it.
func (c *Client) Close() error { return c.mcp.Close() }

func (c *Client) notified(n mcp.JSONRPCNotification) {
	if n.Method != "notifications/progress" || c.progress == nil {
		return
	}
	var p host.Progress
	p.Done, _ = n.Params.AdditionalFields["progress"].(float64)
	p.Total, _ = n.Params.AdditionalFields["total"].(float64)
	p.Message, _ = n.Params.AdditionalFields["message"].(string)
	c.progress(p)
}

func textOf(r *mcp.CallToolResult) string {
	var texts []string
	for _, content := range r.Content {
		if text, ok := content.(mcp.TextContent); ok {
			texts = append(texts, text.Text)
		}
	}
	return strings.Join(texts, "\n")
}
