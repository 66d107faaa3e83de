// Command htap-download-template is the plugin for the data synchronization template of TaurusDB's standard HTAP instances:
// finding the instance, and downloading the workbook that is filled in and imported again.
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
	client := huaweicloud.NewClient(huaweicloud.HTAP, env)
	return sdk.Plugin{
		Name:        "htap-download-template",
		Version:     "0.1.0",
		Description: "Downloads the data synchronization template of a standard HTAP instance of TaurusDB.",
		Instructions: "htap_list_instances turns the id of a TaurusDB instance (it ends in in07) into those of its HTAP instances; " +
			"give the one that ends in in17 to htap_download_template.",
		Tools:       []sdk.Tool{instancesTool(client), templateTool(client)},
		Permissions: huaweicloud.Permissions(huaweicloud.HTAP),
	}
}
