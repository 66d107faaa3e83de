package main

import (
	"context"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
)

type versionsIn struct {
	rfs.Template
	huaweicloud.Target
}

type versionsOut struct {
	TemplateID   string        `json:"template_id" jsonschema_description:"Id of the template, a UUID."`
	TemplateName string        `json:"template_name" jsonschema_description:"Name of the template."`
	Versions     []rfs.Version `json:"versions" jsonschema_description:"The versions, newest first."`
	Truncated    bool          `json:"truncated" jsonschema_description:"Whether there are more versions than the 1000 or so that are listed."`
}

func versionsTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "rfs_list_template_versions",
		Title: "List the versions of an RFS template",
		Description: "Lists all versions of a template of Resource Formation Service, newest first, with their descriptions. " +
			"rfs_list_templates finds the template_name; rfs_show_template_version_content fetches a version_id from here.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  2 * time.Minute,
		Complete: sdk.Completers{"template_name": rfs.CompleteName(client)},
	}, func(ctx context.Context, call *sdk.Call, in versionsIn) (versionsOut, error) {
		list, id, more, err := rfs.Versions(ctx, client, in.Target, in.Template, reporter(call, "versions"))
		return versionsOut{TemplateID: id, TemplateName: in.TemplateName, Versions: list, Truncated: more}, err
	})
}
