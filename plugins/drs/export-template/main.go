// Command drs-export-template is the plugin for task templates of Data Replication Service: it lists tasks, exports
// their templates, waits for the export, and downloads the workbooks
// (https://support.huaweicloud.com/intl/en-us/api-drs/drs_03_0163.html and its neighbours). Start reading at newPlugin,
// then at export.go, which holds the whole chain.
package main

import (
	"os"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

func main() { sdk.Serve(newPlugin(os.Getenv)) }

func newPlugin(env huaweicloud.Environment) sdk.Plugin {
	return service{
		cloud: huaweicloud.NewClient(huaweicloud.DRS, env),
		pace:  pace{first: 500 * time.Millisecond, most: 5 * time.Second, listing: time.Minute},
	}.plugin()
}

// service is what the tools share.
type service struct {
	cloud *huaweicloud.Client
	pace  pace
}

// pace is how long the tools wait between two looks.
type pace struct {
	first, most time.Duration // the first pause and the longest one
	listing     time.Duration // for a finished export's files to appear in the list
}

func (s service) plugin() sdk.Plugin {
	return sdk.Plugin{
		Name:        "drs-export-template",
		Version:     "0.1.0",
		Description: "Exports task templates of Huawei Cloud Data Replication Service as xlsx workbooks.",
		Instructions: "DRS task templates: drs_list_jobs gives the task ids, and drs_export_template does the whole export with them and " +
			"returns the workbooks. drs_list_templates and drs_download_template fetch files of earlier exports; " +
			"drs_show_export_progress is for exports started with wait=false.",
		Tools: []sdk.Tool{
			s.listJobsTool(), s.exportTool(), s.progressTool(), s.listFilesTool(), s.downloadTool(),
		},
		Prompts:     []sdk.Prompt{s.explainPrompt()},
		Permissions: huaweicloud.Permissions(huaweicloud.DRS),
	}
}
