package main

import (
	"context"
	"fmt"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
)

// latest returns the id of the version with the highest number, whatever order the service lists them in.
func latest(ctx context.Context, client *huaweicloud.Client, target huaweicloud.Target, t rfs.Template) (string, error) {
	// Without progress: the number of versions and the bytes of the download that follows make no rising series.
	list, _, _, err := rfs.Versions(ctx, client, target, t, nil)
	if err != nil {
		return "", err
	}
	var newest rfs.Version
	for _, v := range list {
		if newest.VersionID == "" || v.Number() > newest.Number() {
			newest = v
		}
	}
	if newest.VersionID == "" {
		return "", &sdk.Error{
			Code: sdk.CodeNotFound, Source: sdk.SourceCloud,
			Message: fmt.Sprintf("the template %q has no version; rfs_list_templates shows which templates there are", t.TemplateName),
		}
	}
	return newest.VersionID, nil
}
