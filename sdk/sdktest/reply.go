package sdktest

import (
	"encoding/hex"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

func hexOf(sum []byte) string { return hex.EncodeToString(sum) }

func refuse(err error) *pluginv1.FileReply {
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Error{Error: failure(err)}}
}

func failure(err error) *pluginv1.Error {
	return &pluginv1.Error{Code: string(sdk.CodeInternal), Source: string(sdk.SourceHost), Message: err.Error()}
}
