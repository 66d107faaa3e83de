package host

import (
	"context"
	"encoding/json"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// takeFile adopts a file that the plugin hands over, or keeps the remains of one, and answers the plugin.
func (c *call) takeFile(ctx context.Context, f *pluginv1.File) *pluginv1.FileReply {
	if c.staging == "" {
		return refuseFile(&sdk.Error{Code: sdk.CodeUnimplemented, Source: sdk.SourcePlugin, Message: "the tool does not declare that it stores files"})
	}
	if f.GetClaimed() && c.claim == nil {
		return refuseFile(&sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourcePlugin, Message: "the call has no claim that the file could be for"})
	}
	candidate := artifact.Candidate{
		StagingDir: c.staging, Path: f.GetPath(), Name: f.GetName(), MediaType: f.GetMediaType(),
		Size: f.GetSize(), SHA256: f.GetSha256(),
	}
	if err := json.Unmarshal(f.GetSource(), &candidate.Source); err != nil {
		return refuseFile(hostError("reading where the file came from", err))
	}
	if f.GetPartial() {
		return c.keepFile(candidate)
	}
	stored, err := c.adopt(candidate, f.GetClaimed())
	if err != nil {
		return refuseFile(hostError("storing the file", err))
	}
	c.logger.Info("stored", "uri", stored.URI, "bytes", stored.Size, "path", stored.Path)
	encoded, err := c.hand(ctx, stored)
	if err != nil {
		return refuseFile(err)
	}
	c.host.announce(stored.URI) // who is told may see it by now
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: encoded}}
}

func (c *call) keepFile(candidate artifact.Candidate) *pluginv1.FileReply {
	path, err := c.tenant.store.Keep(candidate)
	if err != nil {
		return refuseFile(hostError("keeping the partial file", err))
	}
	c.logger.Warn("a partial download is kept", "path", path, "bytes", candidate.Size)
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_KeptPath{KeptPath: path}}
}

func (c *call) adopt(candidate artifact.Candidate, claimed bool) (artifact.Record, error) {
	if !claimed {
		return c.tenant.store.Adopt(candidate)
	}
	r, err := c.claim.Store(candidate)
	if err == nil {
		c.endClaim()
	}
	return r, err
}

// hand gives a stored file to the plugin and to the result.
func (c *call) hand(ctx context.Context, r artifact.Record) ([]byte, error) {
	r.Preview = c.previewOf(ctx, r)
	r.Path = pathFor(c.caller, r.Path)
	encoded, err := json.Marshal(r.Artifact)
	if err != nil {
		return nil, hostError("describing the stored file", err)
	}
	if err := c.tenant.store.Grant(c.caller.Name, r); err != nil {
		return nil, hostError("noting whose the file is", err)
	}
	c.artifacts = append(c.artifacts, r.Artifact)
	return encoded, nil
}

func refuseFile(err error) *pluginv1.FileReply {
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Error{Error: wireError(err)}}
}

func wireError(err error) *pluginv1.Error {
	e := sdk.AsError(err)
	return &pluginv1.Error{Code: string(e.Code), Source: string(e.Source), Message: e.Message}
}

// pathFor leaves out where a file is for callers over HTTP, who are elsewhere: they have its URI and its address.
func pathFor(caller access.Caller, path string) string {
	if caller.Name != "" {
		return ""
	}
	return path
}
