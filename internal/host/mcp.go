package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
	"mcp-server/sdk"
)

// listPage is how many entries one page of a list has.
const listPage = 200

// MCP returns the MCP server that the host keeps filled with what plugins offer, for a transport to serve.
func (h *Host) MCP() *server.MCPServer { return h.mcp }

func (h *Host) newMCPServer() *server.MCPServer {
	hooks := &server.Hooks{}
	// The instructions change while plugins come and go, so they are put in when a client asks.
	hooks.AddAfterInitialize(func(ctx context.Context, _ any, _ *mcp.InitializeRequest, r *mcp.InitializeResult) {
		r.Instructions = h.instructions(access.CallerOf(ctx))
	})
	hooks.AddAfterDiscover(func(ctx context.Context, _ any, _ *mcp.DiscoverRequest, r *mcp.DiscoverResult) {
		r.Instructions = h.instructions(access.CallerOf(ctx))
	})
	hooks.AddAfterListResources(h.listResources)
	hooks.AddAfterListResourceTemplates(h.filterTemplates)
	hooks.AddBeforeReadResource(h.normalise)
	hooks.AddBeforeCallTool(func(ctx context.Context, _ any, r *mcp.CallToolRequest) {
		r.Params.Name = h.currentName(ctx, r.Params.Name)
	})
	hooks.AddOnError(h.onError)
	return server.NewMCPServer("mcp-server", h.cfg.Version,
		server.WithTitle("MCP server for cloud templates and archives"),
		server.WithToolCapabilities(true), server.WithResourceCapabilities(true, true), server.WithPromptCapabilities(true),
		server.WithLogging(), server.WithCompletions(),
		server.WithPromptCompletionProvider(completions{h}), server.WithResourceCompletionProvider(completions{h}),
		server.WithToolFilter(h.filterTools), server.WithPromptFilter(h.filterPrompts), server.WithPaginationLimit(listPage),
		server.WithExtensions(map[string]any{TasksExtension: map[string]any{}}),
		server.WithRecovery(), server.WithResourceRecovery(), server.WithHooks(hooks))
}

// checkDefinition refuses what mcp-go panics on when a tool is added.
func checkDefinition(t Tool) error {
	definition := t.Definition()
	return mcp.ValidateParamHeaderAnnotations(&definition)
}

// Definition is the tool as tools/list shows it: the plugin's schemas byte for byte, and all four hints.
func (t Tool) Definition() mcp.Tool {
	d := mcp.NewToolWithRawSchema(t.Name, t.Description, t.InputSchema)
	d.Title = t.Title
	d.Icons = icons(t.Icons)
	d.RawOutputSchema = t.OutputSchema
	d.Annotations = mcp.ToolAnnotation{
		ReadOnlyHint: &t.Hints.ReadOnly, DestructiveHint: &t.Hints.Destructive,
		IdempotentHint: &t.Hints.Idempotent, OpenWorldHint: &t.Hints.OpenWorld,
	}
	return d
}

// handler answers tools/call. A failure of the tool is a result that the model reads; a request that the protocol does not
// allow is the protocol's error.
func (h *Host) handler(t Tool) server.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if t.TaskRequired && server.IsModernRequest(ctx) && !clientOf(ctx).GetTasks() {
			missingCapability(ctx, "the tool "+t.Name+" runs so long that only a client with the tasks extension can call it",
				map[string]any{"extensions": map[string]any{TasksExtension: map[string]any{}}})
			return nil, errMissingCapability
		}
		end, err := h.serve(ctx, Request{Name: t.Name, Arguments: rawArguments(r)}, r.Params.Meta, r.Params.MultiRoundTripParams)
		_, isCall := errors.AsType[*CallError](err)
		switch {
		case err != nil && !isCall:
			return nil, protocolError(ctx, err)
		case lacksAbility(ctx, err):
			return nil, errMissingCapability
		case end.asks != nil:
			return &mcp.CallToolResult{Result: mcp.Result{ResultType: mcp.ResultTypeInputRequired}, MultiRoundTripResult: *end.asks}, nil
		case end.task:
			return &mcp.CallToolResult{Content: []mcp.Content{}}, nil // the exchange has the task
		}
		return h.toolResult(access.CallerOf(ctx), end.result, err), nil
	}
}

// errMissingCapability is never seen: the exchange has the error.
var errMissingCapability = errors.New("the client lacks a capability")

func capabilities(names []string) map[string]any {
	all := map[string]any{}
	for _, name := range names {
		all[name] = map[string]any{}
	}
	return all
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

// unknownTool explains a tools/call that found nothing: no such tool, or not for this caller. Who tries what is written down
// as of every other call.
func (h *Host) unknownTool(ctx context.Context, r *mcp.CallToolRequest) error {
	c, stopping := h.newCall(ctx, Request{Name: r.Params.Name, Arguments: rawArguments(*r), From: sourceOf(ctx, r.Params.Meta)})
	if stopping != nil {
		return stopping
	}
	defer h.calls.Done()
	failed := c.prepare()
	if failed == nil { // hidden by its plugin
		failed = c.fail(PhaseArguments, &sdk.Error{
			Code: sdk.CodeNotFound, Source: sdk.SourceArgument, Message: "the tool " + shorten(r.Params.Name) + " is not offered at the moment",
		})
	}
	ctx, c.span = h.cfg.Telemetry.StartCall(ctx, c.measured())
	c.conclude(ctx, Result{}, failed)
	return failed
}

func icons(of []sdk.Icon) []mcp.Icon {
	var all []mcp.Icon
	for _, i := range of {
		all = append(all, mcp.Icon{Src: i.Src, MIMEType: i.MIMEType, Sizes: i.Sizes})
	}
	return all
}

// comingWait is how long a call waits for a plugin that is still to say what it offers, and may have the tool.
const comingWait = 5 * time.Second

// currentName is what a tool is called now that was called otherwise.
func (h *Host) currentName(ctx context.Context, name string) string {
	ctx, cancel := context.WithTimeout(ctx, comingWait)
	defer cancel()
	h.Await(ctx, name)
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.catalog.named(name)
}
