// Command rfs-list-templates is the plugin that finds templates of Resource Formation Service (RFS), and the versions of one.
//
// Start reading at newPlugin.
package main

import (
	"fmt"
	"os"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

func main() { sdk.Serve(newPlugin(os.Getenv)) }

func newPlugin(env huaweicloud.Environment) sdk.Plugin {
	client := huaweicloud.NewClient(huaweicloud.RFS, env)
	return sdk.Plugin{
		Name:        "rfs-list-templates",
		Version:     "0.1.0",
		Description: "Lists the templates of Resource Formation Service and their versions.",
		Instructions: "rfs_list_templates shows each template's name, id and latest version; rfs_list_template_versions shows the older versions of one. " +
			"rfs_show_template_version_content then fetches the content of a version.",
		Tools:       []sdk.Tool{templatesTool(client), versionsTool(client)},
		Permissions: huaweicloud.Permissions(huaweicloud.RFS),
	}
}

// reporter tells how far a walk over pages is; how many items there are in all is not known before its end.
func reporter(call *sdk.Call, noun string) func(items int) {
	return func(items int) { call.Progress(float64(items), 0, fmt.Sprintf("%d %s so far", items, noun)) }
}
