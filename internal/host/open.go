package host

import (
	"context"
	"os"
	"strings"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
)

// OpenArtifact opens a stored file that the context's caller may see. What belongs to others is not found, as if it were
// not there. The caller closes the file.
func (h *Host) OpenArtifact(ctx context.Context, uri string) (*os.File, artifact.Record, error) {
	caller := access.CallerOf(ctx)
	t, err := h.tenantOf(caller)
	if err != nil {
		return nil, artifact.Record{}, err
	}
	r, err := t.store.FindFor(caller.Name, artifact.NormalURI(uri))
	if err != nil {
		return nil, artifact.Record{}, err
	}
	file, err := t.store.Content(r)
	return file, r, err
}

// MayRead reports whether the context's caller may hear of a resource: a stored file that it may see, or one of a plugin that
// it may use.
func (h *Host) MayRead(ctx context.Context, uri string) bool {
	caller := access.CallerOf(ctx)
	if !strings.HasPrefix(uri, "artifact://") {
		h.mu.RLock()
		defer h.mu.RUnlock()
		for _, r := range h.catalog.resources {
			if r.covers(uri) && !h.mayUse(caller, r.Plugin) {
				return false
			}
		}
		return true
	}
	t, err := h.tenantOf(caller)
	if err != nil {
		return false
	}
	_, err = t.store.FindFor(caller.Name, uri)
	return err == nil
}
