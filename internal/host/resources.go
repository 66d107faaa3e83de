package host

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/sdk"
)

const (
	// maxResourceBytes bounds what resources/read sends at once: as base64 it stays under the 10 MiB at which clients
	// close the connection.
	maxResourceBytes = 6 << 20
	resourcePage     = 100
)

// artifactTemplate is the URI template of the stored files.
const artifactTemplate = "artifact://{id}/{+name}"

// artifactResources serves the stored files as resources. They are read from the store when a client asks, because other hosts
// share it.
func artifactResources() mcp.ResourceTemplate {
	return mcp.NewResourceTemplate(artifactTemplate, "artifact",
		mcp.WithTemplateDescription("A file that a tool has downloaded, by the uri that its result or artifact_list names."))
}

// listResources fills in the page that the cursor asks for: what plugins offer first, then the stored files that the caller
// may see, the newest first.
func (h *Host) listResources(ctx context.Context, _ any, request *mcp.ListResourcesRequest, result *mcp.ListResourcesResult) {
	result.Resources, result.NextCursor = []mcp.Resource{}, ""
	after := decodeCursor(request.Params.Cursor)
	if after.uri == "" {
		result.Resources = h.pluginResources(ctx)
	}
	all, err := h.artifactsOf(ctx)
	if err != nil {
		h.logger.Error("the artifacts cannot be listed", "err", err)
		return
	}
	files := 0
	for _, r := range all {
		if !after.isBefore(r) {
			continue
		}
		if files == resourcePage {
			result.NextCursor = encodeCursor(result.Resources[len(result.Resources)-1])
			return
		}
		files++
		r.Path = pathFor(access.CallerOf(ctx), r.Path)
		result.Resources = append(result.Resources, resourceOf(r))
	}
}

func resourceOf(r artifact.Record) mcp.Resource {
	resource := mcp.NewResource(r.URI, r.Name, mcp.WithMIMEType(r.MediaType),
		mcp.WithResourceDescription(fmt.Sprintf("%s, %d bytes", r.Source.Operation, r.Size)+at(r.Path)))
	resource.Size = &r.Size
	resource.Annotations = &mcp.Annotations{LastModified: r.StoredAt.Format(time.RFC3339Nano)}
	return resource
}

// at says where a file is, when that is said at all.
func at(path string) string {
	if path == "" {
		return ""
	}
	return ", at " + path
}

// cursor is where a page of resources ends: after this time and URI. The zero value is before all.
type cursor struct {
	stored time.Time
	uri    string
}

func (c cursor) isBefore(r artifact.Record) bool {
	return c.uri == "" || r.StoredAt.Before(c.stored) || r.StoredAt.Equal(c.stored) && r.URI > c.uri
}

// encodeCursor is base64, because mcp-go decodes a cursor before it is ours.
func encodeCursor(last mcp.Resource) mcp.Cursor {
	stored, _ := time.Parse(time.RFC3339Nano, last.Annotations.LastModified) // written by resourceOf
	return mcp.Cursor(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", stored.UnixNano(), last.URI)))
}

// decodeCursor begins from the start for a cursor that is not ours.
func decodeCursor(text mcp.Cursor) cursor {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	number, uri, found := strings.Cut(string(raw), " ")
	nanoseconds, numberErr := strconv.ParseInt(number, 10, 64)
	if err != nil || !found || numberErr != nil {
		return cursor{}
	}
	return cursor{stored: time.Unix(0, nanoseconds).UTC(), uri: uri}
}

// normalise lets a client write a file's name without escapes, which no template matches.
func (h *Host) normalise(_ context.Context, _ any, request *mcp.ReadResourceRequest) {
	request.Params.URI = artifact.NormalURI(request.Params.URI)
}

// readResource returns a whole file: text as text, anything else as base64.
func (h *Host) readResource(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	t, err := h.tenantOf(access.CallerOf(ctx))
	if err != nil {
		return nil, protocolError(ctx, err)
	}
	r, err := t.store.FindFor(access.CallerOf(ctx).Name, request.Params.URI)
	if err != nil {
		if sdk.AsError(err).Source == sdk.SourceArgument {
			resourceNotFound(ctx, request.Params.URI, err)
		}
		return nil, err
	}
	if r.Size > maxResourceBytes {
		return nil, protocolError(ctx, &sdk.Error{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourceArgument,
			Message: fmt.Sprintf("%s has %d bytes, and resources/read sends at most %d; the tool artifact_read reads parts of it",
				r.URI, r.Size, maxResourceBytes) + at(pathFor(access.CallerOf(ctx), r.Path)),
		})
	}
	content, err := contentOf(t.store, r)
	if err != nil {
		return nil, protocolError(ctx, hostError("reading the artifact", err))
	}
	if utf8.Valid(content) && !bytes.ContainsRune(content, 0) {
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.URI, MIMEType: r.MediaType, Text: string(content)}}, nil
	}
	return []mcp.ResourceContents{mcp.BlobResourceContents{
		URI: r.URI, MIMEType: r.MediaType, Blob: base64.StdEncoding.EncodeToString(content),
	}}, nil
}

func contentOf(store *artifact.Store, r artifact.Record) ([]byte, error) {
	file, err := store.Content(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	content, err := io.ReadAll(io.LimitReader(file, maxResourceBytes+1))
	if err == nil && int64(len(content)) != r.Size {
		err = fmt.Errorf("%w: it has another size than its metadata says", os.ErrInvalid)
	}
	return content, err
}

// OnResourceUpdated has the function called with the URI of each file that is stored, or stored again. A transport sets
// it to tell the clients that have subscribed.
func (h *Host) OnResourceUpdated(updated func(uri string)) { h.onUpdated.Store(&updated) }

// announce tells clients that something new can be read, and those who subscribed to it that it was stored again.
func (h *Host) announce(uri string) {
	h.mcp.SendNotificationToAllClients(mcp.MethodNotificationResourcesListChanged, nil)
	h.changed(uri)
}

func (h *Host) changed(uri string) {
	if updated := h.onUpdated.Load(); updated != nil {
		(*updated)(uri)
	}
}
