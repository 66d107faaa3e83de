package main

import (
	"context"
	"encoding/json"

	"mcp-server/sdk"
)

const watchedResource = "test://watched-resource"

func resources() []sdk.Resource {
	return []sdk.Resource{
		{
			URI: "test://static-text", Name: "static-text", Title: "Static text", Description: "A text that never changes.", MediaType: "text/plain",
			Read: always(sdk.ResourceContent{Text: "This is the content of the static text resource."}),
		},
		{
			URI: "test://static-binary", Name: "static-binary", Title: "Static picture", Description: "A picture that never changes.", MediaType: "image/png",
			Read: always(sdk.ResourceContent{Bytes: redPoint()}),
		},
		{
			URI: watchedResource, Name: "watched-resource", Title: "Watched text", Description: "A text to subscribe to.", MediaType: "text/plain",
			Read: always(sdk.ResourceContent{Text: "Watched resource content"}),
		},
		{
			URI: "test://template/{id}/data", Name: "template", Title: "Template", Description: "Data of any id.", MediaType: "application/json",
			Complete: sdk.Completers{"id": suggest("123", "456")},
			Read:     readTemplate,
		},
	}
}

func always(content sdk.ResourceContent) func(context.Context, *sdk.Call, string, map[string]string) (sdk.ResourceContent, error) {
	return func(context.Context, *sdk.Call, string, map[string]string) (sdk.ResourceContent, error) {
		return content, nil
	}
}

func readTemplate(_ context.Context, _ *sdk.Call, _ string, variables map[string]string) (sdk.ResourceContent, error) {
	data, err := json.Marshal(struct {
		ID           string `json:"id"`
		TemplateTest bool   `json:"templateTest"`
		Data         string `json:"data"`
	}{variables["id"], true, "Data for ID: " + variables["id"]})
	return sdk.ResourceContent{Text: string(data)}, err
}

// suggest completes from a fixed list.
func suggest(values ...string) sdk.Completer {
	return func(context.Context, sdk.Completion) ([]string, error) { return values, nil }
}
