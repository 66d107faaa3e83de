package main

import (
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
)

// short is a job that ends soon.
const short = 30 * time.Millisecond

// quick is the plugin without the long pauses.
func quick(env huaweicloud.Environment) sdk.Plugin {
	return service{
		cloud: huaweicloud.NewClient(huaweicloud.DRS, env),
		pace:  pace{first: 5 * time.Millisecond, most: 20 * time.Millisecond, listing: 300 * time.Millisecond},
	}.plugin()
}

// patient is quick, and waits for the files of an export for as long as a busy machine takes.
func patient(env huaweicloud.Environment) sdk.Plugin {
	return service{
		cloud: huaweicloud.NewClient(huaweicloud.DRS, env),
		pace:  pace{first: 5 * time.Millisecond, most: 20 * time.Millisecond, listing: time.Minute},
	}.plugin()
}

func exportArgs(jobs ...string) plugintest.Object { return plugintest.Object{"jobs": jobs} }
