// Command roma-download-archive is the plugin for the assets of ROMA Connect: it finds instances and applications,
// exports their assets, waits for the job, and downloads the archive, which the cloud hands out only once
// (https://support.huaweicloud.com/intl/en-us/api-roma/DownloadAssetArchive.html and its neighbours). Start reading at
// newPlugin, then at export.go, which holds the whole chain.
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
		cloud: huaweicloud.NewClient(huaweicloud.ROMA, env),
		pace:  pace{first: 500 * time.Millisecond, most: 5 * time.Second},
	}.plugin()
}

// service is what the tools share.
type service struct {
	cloud *huaweicloud.Client
	pace  pace
}

// pace is how long the tools wait between two looks at a job: the first pause and the longest one.
type pace struct{ first, most time.Duration }

func (s service) plugin() sdk.Plugin {
	return sdk.Plugin{
		Name:        "roma-download-archive",
		Version:     "0.1.0",
		Description: "Exports assets of Huawei Cloud ROMA Connect and downloads them as a zip archive.",
		Instructions: "ROMA assets: roma_list_instances and roma_list_apps give the ids, and roma_export_assets does the whole export with them and " +
			"returns the archive. roma_show_asset_job and roma_download_asset_archive are for exports started with wait=false; " +
			"the cloud hands an archive out only once.",
		Tools: []sdk.Tool{
			s.listInstancesTool(), s.listAppsTool(), s.exportTool(), s.showJobTool(), s.downloadTool(),
		},
		Prompts:     []sdk.Prompt{s.inspectPrompt()},
		Permissions: huaweicloud.Permissions(huaweicloud.ROMA),
	}
}

// onInstance is a request to what belongs to an instance; the path has braces where ids stand.
func onInstance(operation, instance string, path ...string) huaweicloud.Request {
	return huaweicloud.Request{
		Operation: operation, IDs: map[string]string{"instance_id": instance},
		Path: append([]string{"v2", huaweicloud.ProjectSegment, "instances", "{instance_id}"}, path...),
	}
}

// checkIDs refuses ids that cannot be part of a path or a body; the pairs are an argument's name and its value.
func checkIDs(pairs ...[2]string) error {
	for _, p := range pairs {
		if err := huaweicloud.CheckID(p[0], p[1], 64); err != nil {
			return err
		}
	}
	return nil
}
