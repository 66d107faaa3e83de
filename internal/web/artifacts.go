package web

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"time"
)

// Artifacts gives the files that a caller may read.
type Artifacts interface {
	// Open opens a file for the caller of the context, by the two parts of its URI, artifact://<id>/<name>. One that is
	// not there and one that is another's are the same [fs.ErrNotExist].
	Open(ctx context.Context, id, name string) (Artifact, error)
}

// Artifact is an open file of the store.
type Artifact struct {
	Content   io.ReadSeekCloser
	Name      string // as it is offered for saving
	MediaType string
	SHA256    string // in hex
	ModTime   time.Time
}

// serveArtifact answers GET and HEAD /artifacts/{id}/{name}, also for ranges. What comes from elsewhere is only ever saved,
// never shown as a page of this server.
func (s *Server) serveArtifact(w http.ResponseWriter, r *http.Request) {
	a, err := s.config.Artifacts.Open(r.Context(), r.PathValue("id"), r.PathValue("name"))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.logger.Error("opening an artifact", "error", err)
		}
		fail(w, http.StatusNotFound, "not_found", "there is no such artifact; artifact_list shows what there is")
		return
	}
	defer func() { _ = a.Content.Close() }() // only read
	h := w.Header()
	h.Set("Content-Type", safeType(a.MediaType))
	h.Set("Content-Disposition", attachment(a.Name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	if _, err := hex.DecodeString(a.SHA256); err == nil && a.SHA256 != "" {
		h.Set("ETag", `"`+a.SHA256+`"`)
	}
	http.ServeContent(w, r, "", a.ModTime, a.Content)
}

func safeType(mediaType string) string {
	if _, _, err := mime.ParseMediaType(mediaType); err != nil {
		return "application/octet-stream"
	}
	return mediaType
}

func attachment(name string) string {
	if text := mime.FormatMediaType("attachment", map[string]string{"filename": name}); text != "" {
		return text
	}
	return "attachment"
}
