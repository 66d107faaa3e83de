// Command plugin is started by the tests of package sdktest.
package main

import (
	"context"
	"os"

	"mcp-server/sdk"
)

type in struct {
	Mode string `json:"mode" jsonschema_description:"What to do."`
}

type out struct {
	Declared string `json:"declared" jsonschema_description:"A variable that is declared."`
	Other    string `json:"other" jsonschema_description:"One that is not."`
	Home     string `json:"home" jsonschema_description:"HOME."`
}

func main() {
	sdk.Serve(sdk.Plugin{
		Name: "test", Version: "1", Description: "A plugin of a test.",
		Permissions: sdk.Permissions{Environment: []sdk.EnvVar{{Name: "TEST_DECLARED", Description: "A value."}}},
		Tools: []sdk.Tool{
			sdk.NewTool(sdk.ToolSpec{
				Name: "test_run", Title: "Run", Description: "Panics, for the tests of the test kit of a plugin's author.",
			}, func(context.Context, *sdk.Call, in) (out, error) { panic("the tool's own mistake") }),
			sdk.NewTool(sdk.ToolSpec{
				Name: "test_environment", Title: "Environment", Description: "Tells what the process was given, for the tests of the test kit.",
			}, func(context.Context, *sdk.Call, struct{}) (out, error) {
				return out{os.Getenv("TEST_DECLARED"), os.Getenv("TEST_OTHER"), os.Getenv("HOME")}, nil
			}),
		},
	})
}
