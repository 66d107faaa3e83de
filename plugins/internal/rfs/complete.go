package rfs

import (
	"context"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// CompleteName suggests the names of the templates in a region.
func CompleteName(client *huaweicloud.Client) sdk.Completer {
	return client.Completer("template names", nil, func(ctx context.Context, t huaweicloud.Target, _ map[string]string) ([]string, error) {
		type item struct {
			TemplateName string `json:"template_name"`
		}
		list, _, err := Walk(ctx, "", nil, func(ctx context.Context, marker string) ([]item, string, error) {
			return TemplatesPage[item](ctx, client, t, 0, marker)
		})
		names := make([]string, 0, len(list))
		for _, i := range list {
			names = append(names, i.TemplateName)
		}
		return names, err
	})
}

// CompleteVersion suggests the ids of the versions of the template that the argument template_name names, newest first.
func CompleteVersion(client *huaweicloud.Client) sdk.Completer {
	ask := func(ctx context.Context, t huaweicloud.Target, arguments map[string]string) ([]string, error) {
		list, _, _, err := Versions(ctx, client, t, Template{TemplateName: arguments["template_name"]}, nil)
		ids := make([]string, 0, len(list))
		for _, v := range list {
			ids = append(ids, v.VersionID)
		}
		return ids, err
	}
	return client.Completer("versions", []string{"template_name"}, ask)
}
