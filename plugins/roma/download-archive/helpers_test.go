package main

import (
	"net/http"
	"time"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
)

// short is a job that ends soon.
const short = 30 * time.Millisecond

// quick is the plugin without the long pauses.
func quick(env huaweicloud.Environment) sdk.Plugin {
	return service{
		cloud: huaweicloud.NewClient(huaweicloud.ROMA, env),
		pace:  pace{first: 5 * time.Millisecond, most: 20 * time.Millisecond},
	}.plugin()
}

func exportArgs(apps ...string) plugintest.Object {
	return plugintest.Object{"instance_id": emulator.ROMAInstanceID, "apps": apps}
}

// chainRoutes is a cloud whose job answers in turn with the given texts, the last one for ever.
func chainRoutes(states ...string) plugintest.Routes {
	return plugintest.Routes{
		"POST /v2/p/instances/i/assets/export": plugintest.Answer(`{"job_id":"j"}`),
		"/v2/p/instances/i/assets/jobs/j": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(states[0]))
			if len(states) > 1 {
				states = states[1:]
			}
		},
	}
}
