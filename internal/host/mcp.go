package host

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/sdk"
)

// ErrorMetaKey is the key of a failed result's _meta under which its code and source stand.
const ErrorMetaKey = "mcp-server/error"

// MCP returns the MCP server that the host keeps filled with its tools, for a transport to serve.
func (h *Host) MCP() *server.MCPServer { return h.mcp }

func (h *Host) newMCPServer() *server.MCPServer {
	hooks := &server.Hooks{}
	// The instructions change while plugins come and go, so they are put in when a client asks.
	hooks.AddAfterInitialize(func(_ context.Context, _ any, _ *mcp.InitializeRequest, r *mcp.InitializeResult) {
		r.Instructions = h.instructions()
	})
	hooks.AddAfterDiscover(func(_ context.Context, _ any, _ *mcp.DiscoverRequest, r *mcp.DiscoverResult) {
		r.Instructions = h.instructions()
	})
	hooks.AddAfterListResources(h.listResources)
	hooks.AddBeforeReadResource(h.normalise)
	return server.NewMCPServer("mcp-server", h.cfg.Version,
		server.WithToolCapabilities(true), server.WithResourceCapabilities(true, true), server.WithRecovery(), server.WithHooks(hooks))
}

// checkDefinition refuses what mcp-go panics on when a tool is added.
func checkDefinition(t Tool) error {
	definition := t.Definition()
	return mcp.ValidateParamHeaderAnnotations(&definition)
}

// register adds tools to the MCP server; clients that listen are told once.
func (h *Host) register(tools []Tool) {
	added := make([]server.ServerTool, 0, len(tools))
	for _, t := range tools {
		added = append(added, server.ServerTool{Tool: t.Definition(), Handler: h.handler(t.Name)})
	}
	if len(added) > 0 {
		h.mcp.AddTools(added...)
	}
}

// Definition is the tool as tools/list shows it: the plugin's schemas byte for byte, and all four hints.
func (t Tool) Definition() mcp.Tool {
	d := mcp.NewToolWithRawSchema(t.Name, t.Description, t.InputSchema)
	d.Title = t.Title
	d.RawOutputSchema = t.OutputSchema
	d.Annotations = mcp.ToolAnnotation{
		ReadOnlyHint: &t.Hints.ReadOnly, DestructiveHint: &t.Hints.Destructive,
		IdempotentHint: &t.Hints.Idempotent, OpenWorldHint: &t.Hints.OpenWorld,
	}
	return d
}

// handler answers tools/call. A failure is a result that the model reads, never a protocol error.
func (h *Host) handler(name string) server.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		reporter := newReporter(h.mcp, r.Params.Meta)
		result, err := h.Call(ctx, name, rawArguments(r), func(p Progress) { reporter.report(ctx, p) })
		reporter.flush(ctx)
		if err != nil {
			return failure(sdk.AsError(err)), nil
		}
		return success(result), nil
	}
}

func rawArguments(r mcp.CallToolRequest) json.RawMessage {
	if len(r.Params.RawArguments) > 0 {
		return r.Params.RawArguments
	}
	encoded, err := json.Marshal(r.Params.Arguments)
	if err != nil {
		return nil // cannot be: it came from JSON
	}
	return encoded
}

func success(r Result) *mcp.CallToolResult {
	content := []mcp.Content{mcp.NewTextContent(string(r.Structured))}
	for _, a := range r.Artifacts {
		content = append(content, mcp.NewResourceLink(a.URI, a.Name, fmt.Sprintf("%d bytes, at %s", a.Size, a.Path), a.MediaType))
	}
	return &mcp.CallToolResult{Content: content, RawStructuredContent: r.Structured}
}

func failure(e *sdk.Error) *mcp.CallToolResult {
	about := map[string]any{"code": string(e.Code), "source": string(e.Source)}
	if e.RetryAfter > 0 {
		about["retry_after_seconds"] = e.RetryAfter.Seconds()
	}
	result := mcp.NewToolResultError(e.Message)
	result.Meta = mcp.NewMetaFromMap(map[string]any{ErrorMetaKey: about})
	return result
}
