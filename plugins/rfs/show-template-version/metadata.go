package main

import (
	"context"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
)

type templateIn struct {
	rfs.Template
	huaweicloud.Target
}

type templateOut struct {
	TemplateID          string `json:"template_id" jsonschema_description:"Id of the template, a UUID."`
	TemplateName        string `json:"template_name" jsonschema_description:"Name of the template."`
	TemplateDescription string `json:"template_description,omitempty" jsonschema_description:"Description of the template."`
	CreateTime          string `json:"create_time" jsonschema_description:"Time of creation, RFC 3339 in UTC."`
	UpdateTime          string `json:"update_time" jsonschema_description:"Time of the last change, RFC 3339 in UTC."`
}

// templateTool is https://support.huaweicloud.com/intl/en-us/api-aos/ShowTemplateMetadata.html.
func templateTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "rfs_show_template_metadata",
		Title: "Show an RFS template's metadata",
		Description: "Shows id, description, creation and last change of a template of Resource Formation Service, not its content. " +
			"rfs_list_templates finds the template_name.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  2 * time.Minute,
		Complete: sdk.Completers{"template_name": rfs.CompleteName(client)},
	}, func(ctx context.Context, _ *sdk.Call, in templateIn) (out templateOut, err error) {
		_, err = client.JSON(ctx, in.Target, in.Request("ShowTemplateMetadata", "metadata"), &out)
		return out, err
	})
}

type versionIn struct {
	rfs.Template
	VersionID string `json:"version_id" jsonschema:"pattern=^V[0-9]{1\\,10}$" jsonschema_description:"Id of the version: V and a number, such as V3."`
	huaweicloud.Target
}

type versionOut struct {
	TemplateID         string `json:"template_id" jsonschema_description:"Id of the template, a UUID."`
	TemplateName       string `json:"template_name" jsonschema_description:"Name of the template."`
	VersionID          string `json:"version_id" jsonschema_description:"Id of the version."`
	VersionDescription string `json:"version_description,omitempty" jsonschema_description:"Description of the version."`
	CreateTime         string `json:"create_time" jsonschema_description:"Time of the version's creation, RFC 3339 in UTC."`
}

// versionTool is https://support.huaweicloud.com/intl/en-us/api-aos/ShowTemplateVersionMetadata.html.
func versionTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "rfs_show_template_version_metadata",
		Title: "Show an RFS template version's metadata",
		Description: "Shows description and creation of one version of a template of Resource Formation Service, not its content. " +
			"rfs_list_template_versions finds the version_id.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  2 * time.Minute,
		Complete: sdk.Completers{"template_name": rfs.CompleteName(client), "version_id": rfs.CompleteVersion(client)},
	}, func(ctx context.Context, _ *sdk.Call, in versionIn) (out versionOut, err error) {
		out.VersionID = in.VersionID // the reply does not repeat it
		_, err = client.JSON(ctx, in.Target, in.VersionRequest("ShowTemplateVersionMetadata", in.VersionID, "metadata"), &out)
		return out, err
	})
}
