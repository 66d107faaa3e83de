// Command rfs-show-template-version is the plugin that shows a template of Resource Formation Service (RFS): its metadata, that of
// a version, and the content of a version, which the service hands out by a pre-signed link.
//
// Start reading at newPlugin.
package main

import (
	"os"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

func main() { sdk.Serve(newPlugin(os.Getenv)) }

func newPlugin(env huaweicloud.Environment) sdk.Plugin {
	client := huaweicloud.NewClient(huaweicloud.RFS, env)
	return sdk.Plugin{
		Name:        "rfs-show-template-version",
		Version:     "0.1.0",
		Description: "Shows the content and the metadata of the templates of Resource Formation Service.",
		Instructions: "rfs_show_template_version_content needs only the name of a template, which rfs_list_templates finds, and fetches the latest version; " +
			"rfs_list_template_versions shows the version ids of older ones.",
		Tools:       []sdk.Tool{templateTool(client), versionTool(client), contentTool(client)},
		Prompts:     []sdk.Prompt{comparePrompt(client)},
		Permissions: huaweicloud.Permissions(huaweicloud.RFS),
	}
}
