package sdktest

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// Prompt gets one prompt. As in a host, arguments that it does not have, and required ones that are missing, do not reach it.
func (h *Host) Prompt(ctx context.Context, name string, arguments map[string]string) Result {
	h.t.Helper()
	for _, prompt := range h.manifest.Prompts {
		if prompt.Name != name {
			continue
		}
		if refused := promptRefusal(prompt, arguments); refused != nil {
			return Result{Err: refused}
		}
	}
	return h.run(ctx, &pluginv1.Start{Kind: pluginv1.Kind_KIND_PROMPT, Tool: name, Arguments: h.encode(arguments)})
}

func promptRefusal(p sdk.PromptManifest, given map[string]string) *sdk.Error {
	known := map[string]bool{}
	for _, a := range p.Arguments {
		known[a.Name] = true
		if _, is := given[a.Name]; a.Required && !is {
			return sdk.InvalidArgument(a.Name, "is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !known[name] {
			return sdk.InvalidArgument(name, "is unknown")
		}
	}
	return nil
}

// Read reads one resource by the URI that the plugin declares. When that is a template, the variables stand for its {names}.
func (h *Host) Read(ctx context.Context, uri string, variables map[string]string) Result {
	h.t.Helper()
	expanded := uri
	for name, value := range variables {
		expanded = strings.ReplaceAll(expanded, "{"+name+"}", url.PathEscape(value))
	}
	return h.run(ctx, &pluginv1.Start{
		Kind: pluginv1.Kind_KIND_RESOURCE, Tool: uri, Arguments: h.encode(map[string]any{"uri": expanded, "variables": variables}),
	})
}

// Completions are what a plugin suggests for an argument.
type Completions struct {
	// Values are at most 100.
	Values []string
	// Total is how many there are in all, and More says that they are not all in Values.
	Total int
	More  bool
}

// Complete asks for the values of an argument of a tool, a prompt or a resource template, which goes by its declared URI.
func (h *Host) Complete(ctx context.Context, kind Kind, name string, c sdk.Completion) (Completions, error) {
	answer, err := h.client.Complete(ctx, &pluginv1.CompleteRequest{
		Kind: pluginv1.Kind(kind), Name: name, Argument: c.Argument, Value: c.Value, Arguments: c.Arguments,
	})
	if err != nil {
		return Completions{}, toError(err)
	}
	return Completions{Values: answer.GetValues(), Total: int(answer.GetTotal()), More: answer.GetMore()}, nil
}
