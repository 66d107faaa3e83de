package host

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/internal/artifact/preview"
	"mcp-server/sdk"
)

type listArtifactsIn struct {
	Name   string `json:"name,omitempty" jsonschema:"maxLength=1000" jsonschema_description:"Part of the file name, of the uri, or of an id that it was downloaded by (such as an archive_id), in any case; all files by default."`
	Limit  int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100,default=20" jsonschema_description:"Most artifacts to return."`
	Offset int    `json:"offset,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"How many artifacts to skip, to get the next ones."`
}

type listArtifactsOut struct {
	Artifacts []listedArtifact `json:"artifacts" jsonschema_description:"What is stored, the newest first."`
	Total     int              `json:"total" jsonschema_description:"How many fit the name, on all pages together."`
	Lost      []lostDownload   `json:"lost,omitempty" jsonschema_description:"Once-only downloads that fit the name and did not arrive whole, the newest first, at most 5; only at offset 0."`
	LostTotal int              `json:"lost_total,omitempty" jsonschema_description:"How many such downloads there are; only at offset 0."`
}

type listedArtifact struct {
	URI       string     `json:"uri" jsonschema_description:"For artifact_read."`
	Name      string     `json:"name" jsonschema_description:"File name."`
	MediaType string     `json:"media_type" jsonschema_description:"Media type of the content."`
	Size      int64      `json:"size" jsonschema_description:"Size in bytes."`
	StoredAt  string     `json:"stored_at" jsonschema_description:"When it was stored, RFC 3339."`
	Path      string     `json:"path,omitempty" jsonschema_description:"The file on the server's disk."`
	OnceOnly  bool       `json:"once_only,omitempty" jsonschema_description:"It cannot be downloaded again."`
	Source    sdk.Origin `json:"source" jsonschema_description:"Where it came from."`
}

type lostDownload struct {
	Source sdk.Origin `json:"source" jsonschema_description:"What was asked for."`
	Known  string     `json:"known" jsonschema_description:"What is known of it."`
	WayOn  string     `json:"way_on" jsonschema_description:"What to do."`
}

func (h *Host) artifactListTool() sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name:  "artifact_list",
		Title: "List downloaded files",
		Description: "Lists the files that tools have downloaded and the server keeps, the newest first, with where each came from. " +
			"Use it to find the uri that artifact_read takes, or to see whether something was downloaded before.",
		Hints: sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false},
	}, h.listArtifacts)
}

func (h *Host) listArtifacts(ctx context.Context, _ *sdk.Call, in listArtifactsIn) (listArtifactsOut, error) {
	all, err := h.artifactsOf(ctx)
	if err != nil {
		return listArtifactsOut{}, hostError("listing the artifacts", err)
	}
	out := listArtifactsOut{Artifacts: []listedArtifact{}}
	for _, r := range all {
		if !mentions(in.Name, r.Source, r.Name, r.URI) {
			continue
		}
		if out.Total++; out.Total > in.Offset && len(out.Artifacts) < in.Limit {
			out.Artifacts = append(out.Artifacts, listedArtifact{
				URI: r.URI, Name: r.Name, MediaType: r.MediaType, Size: r.Size, StoredAt: r.StoredAt.Format(time.RFC3339),
				Path: pathFor(access.CallerOf(ctx), r.Path), OnceOnly: r.OnceOnly(), Source: r.Source,
			})
		}
	}
	if in.Offset == 0 {
		out.Lost, out.LostTotal, err = h.lost(ctx, in.Name)
	}
	return out, err
}

// mentions reports whether a part is in one of the texts or in an id of the source, in any case.
func mentions(part string, source sdk.Origin, texts ...string) bool {
	part = strings.ToLower(artifact.NormalURI(strings.TrimSpace(part)))
	return slices.ContainsFunc(slices.AppendSeq(texts, maps.Values(source.IDs)), func(text string) bool {
		return strings.Contains(strings.ToLower(text), part)
	})
}

// lost says what became of once-only downloads that are not in the store, and of how many.
func (h *Host) lost(ctx context.Context, part string) (lost []lostDownload, total int, err error) {
	const most, mostKnown = 5, 400 // a cloud's words may be long
	t, err := h.tenantOf(access.CallerOf(ctx))
	if err != nil {
		return nil, 0, err
	}
	cases, err := t.store.Cases()
	if err != nil {
		return nil, 0, hostError("reading the journal of once-only downloads", err)
	}
	for _, c := range cases {
		if c.State != artifact.StateLost && c.State != artifact.StateDamaged || !mentions(part, c.Source, c.Name) {
			continue
		}
		if total++; total <= most {
			lost = append(lost, lostDownload{Source: c.Source, Known: clip(c.Describe(), mostKnown), WayOn: clip(c.WayOn, mostKnown)})
		}
	}
	return lost, total, nil
}

type readArtifactIn struct {
	URI    string `json:"uri" jsonschema:"minLength=1,maxLength=2000" jsonschema_description:"The artifact: artifact://<id>/<file name>, from a tool's result or artifact_list; the first 6 or more characters of the id, its path or its exact file name will do when only one has it."`
	Entry  string `json:"entry,omitempty" jsonschema:"maxLength=1000" jsonschema_description:"File inside a zip, by the name that its listing shows; without it the zip is listed."`
	Sheet  string `json:"sheet,omitempty" jsonschema:"maxLength=100" jsonschema_description:"Sheet of a workbook; the first by default."`
	Offset int64  `json:"offset,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"Where to begin: bytes of a text, rows of a sheet, files of a zip."`
	Limit  int64  `json:"limit,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"How much to read, in the same unit; by default 16384 bytes, 50 rows or 100 files."`
}

type readArtifactOut struct {
	URI  string `json:"uri" jsonschema_description:"The artifact."`
	Name string `json:"name" jsonschema_description:"File name."`
	Path string `json:"path,omitempty" jsonschema_description:"The file on the server's disk."`
	preview.Part
}

func (h *Host) artifactReadTool() sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name:  "artifact_read",
		Title: "Read a downloaded file",
		Description: "Reads a part of a file that a tool has downloaded: text, the list of files in a zip, one of them by entry, or rows of a workbook's sheet. " +
			"Read on with next_offset. Nothing is unpacked to disk.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: false},
		Timeout: time.Minute,
	}, h.readArtifact)
}

func (h *Host) readArtifact(ctx context.Context, _ *sdk.Call, in readArtifactIn) (readArtifactOut, error) {
	t, err := h.tenantOf(access.CallerOf(ctx))
	if err != nil {
		return readArtifactOut{}, err
	}
	r, err := t.store.ResolveFor(access.CallerOf(ctx).Name, in.URI, "artifact_list")
	if err != nil {
		return readArtifactOut{}, err
	}
	file, err := t.store.Content(r)
	if err != nil {
		return readArtifactOut{}, hostError("reading the artifact", err)
	}
	defer func() { _ = file.Close() }() // only read
	part, err := t.reading.read(ctx, file, r.Name, preview.Selection{Entry: in.Entry, Sheet: in.Sheet, Offset: in.Offset, Limit: in.Limit})
	return readArtifactOut{URI: r.URI, Name: r.Name, Path: pathFor(access.CallerOf(ctx), r.Path), Part: part}, err
}
