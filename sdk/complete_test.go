package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

type wanted struct {
	Many   string `json:"many,omitempty" jsonschema_description:"One of very many."`
	Broken string `json:"broken,omitempty" jsonschema_description:"Whose completer panics."`
	Failed string `json:"failed,omitempty" jsonschema_description:"Whose completer fails."`
	Other  string `json:"other,omitempty" jsonschema_description:"One that depends on the others."`
	Plain  string `json:"plain,omitempty" jsonschema_description:"One without a completer."`
}

func completing() sdk.Plugin {
	prompt := sdk.NewPrompt(sdk.PromptSpec{
		Name: "test_wanted", Title: "Wanted", Description: "A prompt whose arguments complete in all the ways there are.",
		Complete: sdk.Completers{
			"many": func(context.Context, sdk.Completion) ([]string, error) {
				var all []string
				for n := range 250 {
					all = append(all, fmt.Sprintf("item-%03d", n))
				}
				return all, nil
			},
			"broken": func(context.Context, sdk.Completion) ([]string, error) { panic("the completer's own mistake") },
			"failed": func(context.Context, sdk.Completion) ([]string, error) { return nil, errors.New("the service is away") },
			"other": func(_ context.Context, c sdk.Completion) ([]string, error) {
				return []string{c.Argument + "-of-" + c.Arguments["many"]}, nil
			},
		},
	}, func(context.Context, *sdk.Call, wanted) (sdk.Messages, error) { return sdk.Messages{}, nil })
	return sdk.Plugin{Name: "test", Version: "1", Prompts: []sdk.Prompt{prompt}}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	plugin := dial(t, completing())
	for name, tc := range map[string]struct {
		ask     *pluginv1.CompleteRequest
		values  int
		total   int32
		first   string
		problem string
	}{
		"all of many":  {ask: &pluginv1.CompleteRequest{Argument: "many"}, values: 100, total: 250, first: "item-000"},
		"some of many": {ask: &pluginv1.CompleteRequest{Argument: "many", Value: "ITEM-1"}, values: 100, total: 100, first: "item-100"},
		"inside":       {ask: &pluginv1.CompleteRequest{Argument: "many", Value: "-24"}, values: 10, total: 10, first: "item-240"},
		"none":         {ask: &pluginv1.CompleteRequest{Argument: "many", Value: "x"}},
		"the others": {ask: &pluginv1.CompleteRequest{Argument: "other", Arguments: map[string]string{"many": "item-007"}},
			values: 1, total: 1, first: "other-of-item-007"},
		"no completer":   {ask: &pluginv1.CompleteRequest{Argument: "plain"}},
		"no argument":    {ask: &pluginv1.CompleteRequest{Argument: "nothing"}},
		"a panic":        {ask: &pluginv1.CompleteRequest{Argument: "broken"}, problem: "completing broke"},
		"a failure":      {ask: &pluginv1.CompleteRequest{Argument: "failed"}, problem: "the service is away"},
		"unknown prompt": {ask: &pluginv1.CompleteRequest{Name: "nothing"}, problem: `there is no "nothing"`},
		"another kind":   {ask: &pluginv1.CompleteRequest{Name: "test_wanted", Kind: pluginv1.Kind_KIND_RESOURCE}, problem: "there is no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.ask.Name == "" {
				tc.ask.Name, tc.ask.Kind = "test_wanted", pluginv1.Kind_KIND_PROMPT
			}
			got, err := plugin.Complete(t.Context(), tc.ask)
			if message := status.Convert(err).Message(); (err != nil) != (tc.problem != "") || !strings.Contains(message, tc.problem) {
				t.Fatalf("got %v, want %q", err, tc.problem)
			}
			if strings.Contains(fmt.Sprint(err), "own mistake") {
				t.Errorf("the message tells what belongs to the log: %v", err)
			}
			if len(got.GetValues()) != tc.values || got.GetTotal() != tc.total || got.GetMore() != (int(tc.total) > tc.values) {
				t.Errorf("%d values of %d, more %v", len(got.GetValues()), got.GetTotal(), got.GetMore())
			}
			if tc.values > 0 && got.GetValues()[0] != tc.first {
				t.Errorf("the first is %q, want %q", got.GetValues()[0], tc.first)
			}
		})
	}
}
