package host

import (
	"encoding/json"

	"mcp-server/internal/artifact"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// takeFile adopts a file that the plugin hands over, or keeps the remains of one, and answers the plugin.
func (c *call) takeFile(staging string, f *pluginv1.File) *pluginv1.FileReply {
	if staging == "" {
		return refuseFile(&sdk.Error{Code: sdk.CodeUnimplemented, Source: sdk.SourcePlugin, Message: "the tool does not declare that it stores files"})
	}
	candidate := artifact.Candidate{
		StagingDir: staging, Path: f.GetPath(), Name: f.GetName(), MediaType: f.GetMediaType(),
		Size: f.GetSize(), SHA256: f.GetSha256(),
	}
	if err := json.Unmarshal(f.GetSource(), &candidate.Source); err != nil {
		return refuseFile(hostError("reading where the file came from", err))
	}
	if f.GetPartial() {
		path, err := c.store.Keep(candidate)
		if err != nil {
			return refuseFile(hostError("keeping the partial file", err))
		}
		c.logger.Warn("a partial download is kept", "path", path, "bytes", f.GetSize())
		return &pluginv1.FileReply{Reply: &pluginv1.FileReply_KeptPath{KeptPath: path}}
	}
	stored, err := c.store.Adopt(candidate)
	if err != nil {
		return refuseFile(hostError("storing the file", err))
	}
	encoded, err := json.Marshal(stored)
	if err != nil {
		return refuseFile(hostError("describing the stored file", err))
	}
	c.logger.Info("stored", "uri", stored.URI, "bytes", stored.Size, "path", stored.Path)
	c.artifacts = append(c.artifacts, stored)
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: encoded}}
}

func refuseFile(err error) *pluginv1.FileReply {
	e := sdk.AsError(err)
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Error{Error: &pluginv1.Error{
		Code: string(e.Code), Source: string(e.Source), Message: e.Message,
	}}}
}
