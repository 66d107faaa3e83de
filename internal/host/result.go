package host

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/sdk"
)

// maxInline is the largest result that is sent to a client; what is larger is stored. Clients refuse results of 25,000
// tokens, and close the connection over 10 MiB.
const maxInline = 256 << 10

// toolResult is what tools/call answers for a call that has ended.
func (h *Host) toolResult(caller access.Caller, r Result, err error) *mcp.CallToolResult {
	if err != nil {
		return failureResult(err)
	}
	if len(r.Structured) > maxInline {
		return h.spilled(caller, r)
	}
	result := &mcp.CallToolResult{Content: []mcp.Content{}}
	if r.Blocks {
		if err := readBlocks(r.Structured, result); err != nil {
			return failureResult(badAnswer(r.Provenance.Plugin, err))
		}
	} else {
		result.Content = append(result.Content, mcp.NewTextContent(string(r.Structured)))
		result.RawStructuredContent = r.Structured
	}
	for _, a := range r.Artifacts {
		result.Content = append(result.Content, h.link(caller, a))
	}
	result.Meta = mcp.NewMetaFromMap(map[string]any{ProvenanceMetaKey: r.Provenance})
	return result
}

func readBlocks(raw json.RawMessage, into *mcp.CallToolResult) error {
	var blocks struct {
		Content []json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return err
	}
	for _, block := range blocks.Content {
		content, err := mcp.UnmarshalContent(block)
		if err != nil {
			return err
		}
		into.Content = append(into.Content, content)
	}
	return nil
}

// link is the resource link of a stored file. A caller over HTTP cannot open a path of ours, and gets the address instead, without
// the server's name where that is not known.
func (h *Host) link(caller access.Caller, a sdk.Artifact) mcp.ResourceLink {
	where := "at " + a.Path
	if caller.Name != "" && h.cfg.Transport == "http" {
		where = "GET " + strings.TrimRight(h.cfg.PublicURL, "/") + "/artifacts/" + a.URI[len("artifact://"):]
	}
	return mcp.NewResourceLink(a.URI, a.Name, fmt.Sprintf("%d bytes, %s", a.Size, where), a.MediaType)
}

func failureResult(err error) *mcp.CallToolResult {
	result := mcp.NewToolResultError(err.Error())
	result.Meta = mcp.NewMetaFromMap(map[string]any{ErrorMetaKey: failureOf(err)})
	return result
}

// spilled stores a result that is too large for a client and answers with its link. A tool that promises structured content
// cannot keep the promise then, which makes the answer an error in MCP, although nothing is lost.
func (h *Host) spilled(caller access.Caller, r Result) *mcp.CallToolResult {
	stored, err := h.store(caller, r)
	if err != nil {
		return failureResult(&CallError{err: sdk.AsError(hostError("storing a result that is too large to send", err)), Failure: Failure{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourceHost, Plugin: r.Provenance.Plugin, Phase: PhaseResult, CallID: r.Provenance.CallID,
		}})
	}
	text := fmt.Sprintf("The tool has done its work, and its result of %d bytes is larger than the %d that are sent at once. It is stored whole as %s: "+
		"read it in parts with artifact_read, or call again for less, with a filter or a smaller limit.", len(r.Structured), maxInline, stored.URI)
	result := &mcp.CallToolResult{Content: []mcp.Content{mcp.NewTextContent(text), h.link(caller, stored.Artifact)}, IsError: !r.Blocks}
	for _, a := range r.Artifacts {
		result.Content = append(result.Content, h.link(caller, a))
	}
	meta := map[string]any{ProvenanceMetaKey: r.Provenance}
	if result.IsError {
		meta[ErrorMetaKey] = Failure{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourceHost, Plugin: r.Provenance.Plugin, Phase: PhaseResult, CallID: r.Provenance.CallID,
		}
	}
	result.Meta = mcp.NewMetaFromMap(meta)
	return result
}

// store writes a result into the caller's store.
func (h *Host) store(caller access.Caller, r Result) (artifact.Record, error) {
	t, err := h.tenantOf(caller)
	if err != nil {
		return artifact.Record{}, err
	}
	dir, release, err := t.store.Stage(ownName, r.Provenance.CallID+"-result")
	if err != nil {
		return artifact.Record{}, err
	}
	defer release()
	const file = "result.json"
	if err := os.WriteFile(filepath.Join(dir, file), r.Structured, 0o600); err != nil {
		return artifact.Record{}, err
	}
	sum := sha256.Sum256(r.Structured)
	stored, err := t.store.Adopt(artifact.Candidate{
		StagingDir: dir, Path: file, Name: r.Provenance.Plugin + "-result.json", MediaType: "application/json",
		Size: int64(len(r.Structured)), SHA256: sum[:],
		Source: sdk.Origin{Operation: "result of a call", IDs: map[string]string{"call_id": r.Provenance.CallID}},
	})
	if err != nil {
		return artifact.Record{}, err
	}
	if err := t.store.Grant(caller.Name, stored); err != nil {
		return artifact.Record{}, err
	}
	h.announce(stored.URI) // those who may see it now
	return stored, nil
}
