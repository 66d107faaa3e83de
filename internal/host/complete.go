package host

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

const (
	// completeTimeout bounds a completion: somebody is typing.
	completeTimeout = 3 * time.Second
	// maxCompletions is MCP's bound on the values of one answer.
	maxCompletions = 100
)

// completions answers completion/complete for prompts and resource templates.
type completions struct{ host *Host }

// CompletePromptArgument suggests values for an argument of a prompt, asked live from its plugin.
func (c completions) CompletePromptArgument(ctx context.Context, name string, a mcp.CompleteArgument, more mcp.CompleteContext) (*mcp.Completion, error) {
	return c.answer(ctx, pluginv1.Kind_KIND_PROMPT, name, a, more)
}

// CompleteResourceArgument suggests values for a variable of a resource template.
func (c completions) CompleteResourceArgument(ctx context.Context, uri string, a mcp.CompleteArgument, more mcp.CompleteContext) (*mcp.Completion, error) {
	if uri == artifactTemplate {
		return c.host.completeArtifact(ctx, a, more)
	}
	return c.answer(ctx, pluginv1.Kind_KIND_RESOURCE, uri, a, more)
}

func (c completions) answer(ctx context.Context, kind pluginv1.Kind, name string, a mcp.CompleteArgument, more mcp.CompleteContext) (*mcp.Completion, error) {
	values, total, err := c.host.Complete(ctx, kind, name, sdk.Completion{Argument: a.Name, Value: a.Value, Arguments: more.Arguments})
	if err != nil {
		if sdk.AsError(err).Source == sdk.SourceArgument {
			return nil, protocolError(ctx, err)
		}
		c.host.logger.Info("no completions", "name", name, "argument", shorten(a.Name), "err", err)
	}
	return completion(values, total), nil
}

func completion(values []string, total int) *mcp.Completion {
	shown := append([]string{}, values[:min(len(values), maxCompletions)]...)
	return &mcp.Completion{Values: shown, Total: max(total, len(values)), HasMore: max(total, len(values)) > len(shown)}
}

// Complete asks the plugin of a tool, prompt or resource for values of an argument, within a few seconds, with the
// credentials of the context's caller.
func (h *Host) Complete(ctx context.Context, kind pluginv1.Kind, name string, c sdk.Completion) (values []string, total int, err error) {
	it, err := h.offerer(kind, name)
	if err != nil {
		return nil, 0, err
	}
	caller := access.CallerOf(ctx)
	if h.mu.RLock(); !h.mayUse(caller, it.name) {
		err = &sdk.Error{Code: sdk.CodePermissionDenied, Source: sdk.SourceArgument, Message: "there is no " + shorten(name)}
	}
	h.mu.RUnlock()
	if err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	for again := true; ; again = false {
		process, _, err := h.processFor(caller, it)
		if err != nil {
			return nil, 0, err
		}
		values, total, err = process.Complete(ctx, supervisor.Completion{Kind: kind, Name: name, Completion: c})
		if !again || !errors.Is(err, supervisor.ErrReplaced) || !h.lookAgain(ctx, it) {
			return values, total, err
		}
		if it, err = h.offerer(kind, name); err != nil {
			return nil, 0, err
		}
	}
}

// completeArtifact suggests ids and names of stored files.
func (h *Host) completeArtifact(ctx context.Context, a mcp.CompleteArgument, more mcp.CompleteContext) (*mcp.Completion, error) {
	all, err := h.artifactsOf(ctx)
	if err != nil {
		return nil, errors.New("the stored files cannot be listed")
	}
	var values []string
	for _, r := range all {
		id, _, _ := strings.Cut(strings.TrimPrefix(r.URI, "artifact://"), "/")
		value := id
		if a.Name == "name" {
			value = r.Name
			if wanted := more.Arguments["id"]; wanted != "" && wanted != id {
				continue
			}
		}
		if strings.HasPrefix(strings.ToLower(value), strings.ToLower(a.Value)) {
			values = append(values, value)
		}
	}
	return completion(values, len(values)), nil
}
