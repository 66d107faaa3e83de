package host

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/yosida95/uritemplate/v3"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// Resource is one resource of a plugin, or a template of many.
type Resource struct {
	Plugin string
	sdk.ResourceManifest

	item *item
}

func (r Resource) isTemplate() bool { return strings.Contains(r.URI, "{") }

// covers reports whether a URI is the resource's, or one of the template's.
func (r Resource) covers(uri string) bool {
	return r.URI == uri || r.isTemplate() && len(variablesOf(r.URI, uri)) > 0
}

func (o *offer) examineResources(m sdk.Manifest) {
	if extra := len(m.Resources) - maxTools; extra > 0 {
		o.leaveOut("", fmt.Errorf("it has %d resources, and only the first %d are taken", len(m.Resources), maxTools))
		m.Resources = m.Resources[:maxTools]
	}
	for _, r := range m.Resources {
		if err := checkResource(r); err != nil {
			o.leaveOut(cmp.Or(shorten(r.URI), "(no uri)"), err)
			continue
		}
		o.resources = append(o.resources, Resource{Plugin: o.plugin, ResourceManifest: r})
	}
}

func checkResource(r sdk.ResourceManifest) error {
	scheme, _, found := strings.Cut(r.URI, ":")
	if !found || scheme == "" || strings.ContainsAny(scheme, "{/") || len(r.URI) > 1000 {
		return errors.New("its URI has no scheme, or more than 1000 bytes")
	}
	if scheme == "artifact" {
		return errors.New("artifact:// is the server's own")
	}
	if _, err := uritemplate.New(r.URI); err != nil {
		return fmt.Errorf("its URI is not a template of RFC 6570: %w", err)
	}
	return errors.Join(checkText("name", r.Name, maxTitle), checkText("description", r.Description, maxDescription))
}

func (r Resource) definition() mcp.Resource {
	d := mcp.NewResource(r.URI, r.Name, mcp.WithResourceDescription(r.Description), mcp.WithMIMEType(r.MediaType))
	d.Title, d.Icons = r.Title, icons(r.Icons)
	return d
}

// pluginResources are those of plugins that the caller may use, sorted by URI.
func (h *Host) pluginResources(ctx context.Context) []mcp.Resource {
	caller := access.CallerOf(ctx)
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := []mcp.Resource{}
	for _, r := range h.catalog.resources {
		if !r.isTemplate() && h.mayUse(caller, r.Plugin) {
			all = append(all, r.definition())
		}
	}
	slices.SortFunc(all, func(a, b mcp.Resource) int { return strings.Compare(a.URI, b.URI) })
	return all
}

// filterTemplates hides the templates of plugins of whose tools the caller may call none.
func (h *Host) filterTemplates(ctx context.Context, _ any, _ *mcp.ListResourceTemplatesRequest, result *mcp.ListResourceTemplatesResult) {
	caller := access.CallerOf(ctx)
	h.mu.RLock()
	defer h.mu.RUnlock()
	result.ResourceTemplates = slices.DeleteFunc(result.ResourceTemplates, func(t mcp.ResourceTemplate) bool {
		r, ofPlugin := h.catalog.resources[t.URITemplate.Raw()]
		return ofPlugin && !h.mayUse(caller, r.Plugin)
	})
}

// pluginResourceHandler answers resources/read with what the plugin returns.
func (h *Host) pluginResourceHandler(r Resource) func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	return func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		wanted, err := json.Marshal(map[string]any{"uri": request.Params.URI, "variables": variablesOf(r.URI, request.Params.URI)})
		if err != nil {
			return nil, protocolError(ctx, err)
		}
		result, err := h.Call(ctx, Request{Kind: pluginv1.Kind_KIND_RESOURCE, Name: r.URI, Arguments: wanted, From: sourceOf(ctx, nil)})
		if err != nil {
			if sdk.AsError(err).Code == sdk.CodeNotFound {
				resourceNotFound(ctx, request.Params.URI, err)
				return nil, err
			}
			return nil, protocolError(ctx, err)
		}
		if len(result.Structured) > maxResourceBytes*4/3 {
			return nil, protocolError(ctx, badAnswer(r.Plugin, errors.New("the resource is too large to send")))
		}
		var contents map[string]any
		if err := json.Unmarshal(result.Structured, &contents); err != nil {
			return nil, protocolError(ctx, badAnswer(r.Plugin, err))
		}
		contents["_meta"] = map[string]any{ProvenanceMetaKey: result.Provenance} // mcp-go gives a handler no other place
		parsed, err := mcp.ParseResourceContents(contents)
		if err != nil {
			return nil, protocolError(ctx, badAnswer(r.Plugin, err))
		}
		return []mcp.ResourceContents{parsed}, nil
	}
}

// variablesOf matches a URI against its template.
func variablesOf(template, uri string) map[string]string {
	variables := map[string]string{}
	parsed, err := uritemplate.New(template)
	if err != nil {
		return variables
	}
	for name, value := range parsed.Match(uri) {
		text := value.String()
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
		variables[name] = text
	}
	return variables
}

// updated tells clients that subscribed to a plugin's own resource that it has changed.
func (h *Host) updated(plugin, uri string) {
	if h.offers(uri, func(r Resource) bool { return r.Plugin == plugin }) {
		h.changed(uri)
	}
}

// offers reports whether a URI is that of a plugin's resource, or fits the template of one, which also passes the test.
func (h *Host) offers(uri string, test func(Resource) bool) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, r := range h.catalog.resources {
		if test(r) && r.covers(uri) {
			return true
		}
	}
	return false
}
