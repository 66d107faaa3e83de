package host

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// Prompt is one prompt that the host offers.
type Prompt struct {
	Plugin string
	sdk.PromptManifest

	item *item
}

func (o *offer) examinePrompts(m sdk.Manifest) {
	if extra := len(m.Prompts) - maxTools; extra > 0 {
		o.leaveOut("", fmt.Errorf("it has %d prompts, and only the first %d are taken", len(m.Prompts), maxTools))
		m.Prompts = m.Prompts[:maxTools]
	}
	for _, p := range m.Prompts {
		if err := checkPrompt(p); err != nil {
			o.leaveOut(cmp.Or(shorten(p.Name), "(no name)"), err)
			continue
		}
		o.prompts = append(o.prompts, Prompt{Plugin: o.plugin, PromptManifest: p})
	}
}

func checkPrompt(p sdk.PromptManifest) error {
	if !isName(p.Name) {
		return errors.New("the name must have 1 to 60 letters, digits, _ or - and start with a letter")
	}
	problems := []error{checkText("title", p.Title, maxTitle), checkText("description", p.Description, maxDescription)}
	for _, a := range p.Arguments {
		problems = append(problems, checkText("argument's name", a.Name, maxTitle))
	}
	return errors.Join(problems...)
}

// Prompts returns all prompts, sorted by name.
func (h *Host) Prompts() []Prompt {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.SortedFunc(maps.Values(h.catalog.prompts), func(a, b Prompt) int { return strings.Compare(a.Name, b.Name) })
}

// Definition is the prompt as prompts/list shows it.
func (p Prompt) Definition() mcp.Prompt {
	d := mcp.Prompt{Name: p.Name, Title: p.Title, Description: p.Description, Icons: icons(p.Icons)}
	for _, a := range p.Arguments {
		d.Arguments = append(d.Arguments, mcp.PromptArgument{Name: a.Name, Description: a.Description, Required: a.Required})
	}
	return d
}

// promptHandler answers prompts/get. What is wrong with the arguments is the protocol's error, because a person chose them.
func (h *Host) promptHandler(p Prompt) server.PromptHandlerFunc {
	return func(ctx context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		arguments, err := p.arguments(r.Params.Arguments)
		if err != nil {
			return nil, protocolError(ctx, err)
		}
		end, err := h.serve(ctx, Request{Kind: pluginv1.Kind_KIND_PROMPT, Name: p.Name, Arguments: arguments}, r.Params.Meta, r.Params.MultiRoundTripParams)
		switch {
		case lacksAbility(ctx, err):
			return nil, err
		case err != nil:
			return nil, protocolError(ctx, err)
		case end.asks != nil:
			return &mcp.GetPromptResult{Result: mcp.Result{ResultType: mcp.ResultTypeInputRequired}, MultiRoundTripResult: *end.asks}, nil
		}
		raw := end.result.Structured
		result, err := mcp.ParseGetPromptResult(&raw)
		if err != nil {
			return nil, protocolError(ctx, badAnswer(p.Plugin, err))
		}
		result.Meta = mcp.NewMetaFromMap(map[string]any{ProvenanceMetaKey: end.result.Provenance})
		return result, nil
	}
}

// arguments checks them by name, since all values are strings.
func (p Prompt) arguments(given map[string]string) (json.RawMessage, error) {
	known := make([]string, 0, len(p.Arguments))
	var problems []string
	for _, a := range p.Arguments {
		known = append(known, a.Name)
		if a.Required && given[a.Name] == "" {
			problems = append(problems, fmt.Sprintf("argument %q is missing: %s", a.Name, a.Description))
		}
	}
	for name := range given {
		if !slices.Contains(known, name) {
			problems = append(problems, fmt.Sprintf("argument %q is not known; known are %s", shorten(name), strings.Join(known, ", ")))
		}
	}
	if len(problems) > 0 {
		return nil, badArguments(problems...)
	}
	if given == nil {
		given = map[string]string{}
	}
	return json.Marshal(given)
}

// filterPrompts hides what is not listed now, and the prompts of plugins of whose tools the caller may call none.
func (h *Host) filterPrompts(ctx context.Context, all []mcp.Prompt) []mcp.Prompt {
	caller := access.CallerOf(ctx)
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(all), func(p mcp.Prompt) bool {
		return h.catalog.unlisted[listed{pluginv1.Kind_KIND_PROMPT, p.Name}] || !h.mayUse(caller, h.catalog.prompts[p.Name].Plugin)
	})
}

// unknownPrompt names the prompts that there are for the caller.
func (h *Host) unknownPrompt(ctx context.Context, name string) error {
	caller := access.CallerOf(ctx)
	h.mu.RLock()
	defer h.mu.RUnlock()
	var names []string
	for _, p := range h.catalog.prompts {
		if !h.catalog.unlisted[listed{pluginv1.Kind_KIND_PROMPT, p.Name}] && h.mayUse(caller, p.Plugin) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return &sdk.Error{
		Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
		Message: fmt.Sprintf("there is no prompt %q; there are %s", shorten(name), strings.Join(names, ", ")),
	}
}
