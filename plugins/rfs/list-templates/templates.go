package main

import (
	"context"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
)

type templatesIn struct {
	Limit  int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"Return one page of at most this many templates; without it all pages are returned, up to about 1000 templates."`
	Marker string `json:"marker,omitempty" jsonschema:"minLength=1,maxLength=1024" jsonschema_description:"Where to go on: next_marker of the call before, which must have had the same limit, or none as well."`
	huaweicloud.Target
}

type templatesOut struct {
	Templates  []template `json:"templates" jsonschema_description:"The templates, newest first."`
	NextMarker string     `json:"next_marker,omitempty" jsonschema_description:"The marker of the next call; absent when there are no more templates."`
}

type template struct {
	TemplateID               string `json:"template_id" jsonschema_description:"Id of the template, a UUID."`
	TemplateName             string `json:"template_name" jsonschema_description:"Name of the template."`
	LatestVersionID          string `json:"latest_version_id" jsonschema_description:"Id of the latest version, V and a number."`
	TemplateDescription      string `json:"template_description,omitempty" jsonschema_description:"Description of the template."`
	LatestVersionDescription string `json:"latest_version_description,omitempty" jsonschema_description:"Description of the latest version."`
	CreateTime               string `json:"create_time,omitempty" jsonschema_description:"Time of creation, RFC 3339 in UTC."`
	UpdateTime               string `json:"update_time,omitempty" jsonschema_description:"Time of the last change, RFC 3339 in UTC."`
}

func templatesTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "rfs_list_templates",
		Title: "List RFS templates",
		Description: "Lists the Terraform templates kept in Resource Formation Service in a region, newest first: names, ids, latest versions. " +
			"Use it to find the template_name and version_id that the other rfs tools take.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout: 2 * time.Minute,
	}, func(ctx context.Context, call *sdk.Call, in templatesIn) (templatesOut, error) {
		return listTemplates(ctx, client, call, in)
	})
}

func listTemplates(ctx context.Context, client *huaweicloud.Client, call *sdk.Call, in templatesIn) (templatesOut, error) {
	page := func(ctx context.Context, marker string) ([]template, string, error) {
		return rfs.TemplatesPage[template](ctx, client, in.Target, in.Limit, marker)
	}
	var out templatesOut
	var err error
	if in.Limit > 0 {
		out.Templates, out.NextMarker, err = page(ctx, in.Marker)
	} else {
		out.Templates, out.NextMarker, err = rfs.Walk(ctx, in.Marker, reporter(call, "templates"), page)
	}
	return out, err
}
