package sdktest_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// What follows is in docs/writing-a-plugin.md, as parts of docs/example-plugin are, and TestDocument keeps it so.

type compareIn struct {
	Name string `json:"name" jsonschema_description:"The template to compare."`
}

func templateNames(context.Context, sdk.Completion) ([]string, error) {
	return []string{"network", "database", "network-large"}, nil
}

func comparePrompt() sdk.Prompt {
	return sdk.NewPrompt(sdk.PromptSpec{
		Name: "compare_versions", Title: "Compare versions",
		Description: "Asks for the differences between the two newest versions of a template.",
		Complete:    sdk.Completers{"name": templateNames},
	}, func(_ context.Context, _ *sdk.Call, in compareIn) (sdk.Messages, error) {
		return sdk.Messages{Messages: []sdk.Message{sdk.User("Compare the two newest versions of " + in.Name + ".")}}, nil
	})
}

func templateResource() sdk.Resource {
	return sdk.Resource{
		URI: "template://{name}", Name: "template", Description: "The text of a template.", MediaType: "text/plain",
		Complete: sdk.Completers{"name": templateNames},
		Read: func(_ context.Context, _ *sdk.Call, _ string, variables map[string]string) (sdk.ResourceContent, error) {
			return sdk.ResourceContent{Text: "the text of " + variables["name"]}, nil
		},
	}
}

type removeIn struct {
	Name string `json:"name" jsonschema_description:"The template to remove."`
}

type removeOut struct {
	Removed bool `json:"removed" jsonschema_description:"Whether it is gone."`
}

type sure struct {
	Sure bool `json:"sure" jsonschema_description:"It cannot be undone."`
}

func remove(ctx context.Context, call *sdk.Call, in removeIn) (removeOut, error) {
	answers, err := call.Ask(ctx, map[string]sdk.Question{"sure": sdk.Form[sure]("Remove " + in.Name + "?")})
	if err != nil {
		return removeOut{}, err
	}
	if !answers["sure"].Accepted() {
		return removeOut{}, nil
	}
	var answer sure
	if err := answers["sure"].Decode(&answer); err != nil || !answer.Sure {
		return removeOut{}, err
	}
	call.Background()
	for done := range 3 {
		call.Progress(float64(done), 3, "removing a version")
	}
	return removeOut{Removed: true}, nil
}

type shoutIn struct {
	Text string `json:"text" jsonschema_description:"The text to shout."`
}

func newPlugin() sdk.Plugin {
	return sdk.Plugin{
		Name: "templates", Version: "1.0.0", Description: "Templates.",
		Tools: []sdk.Tool{
			sdk.NewTool(sdk.ToolSpec{
				Name: "template_remove", Title: "Remove a template", Hints: sdk.Hints{Destructive: true},
				Description: "Removes a template with all its versions, after a person has agreed.",
			}, remove),
			sdk.NewTool(sdk.ToolSpec{
				Name: "text_shout", Title: "Shout", Hints: sdk.Hints{ReadOnly: true, Idempotent: true},
				Description: "Turns a text into capitals; use it when something must be heard.",
			}, func(_ context.Context, _ *sdk.Call, in shoutIn) (shoutIn, error) {
				return shoutIn{Text: strings.ToUpper(in.Text)}, nil
			}),
		},
		Prompts:   []sdk.Prompt{comparePrompt()},
		Resources: []sdk.Resource{templateResource()},
	}
}

func TestShout(t *testing.T) {
	t.Parallel()
	type out = shoutIn
	r := sdktest.New(t, newPlugin()).Call(t.Context(), "text_shout", map[string]any{"text": "hello"})
	got := sdktest.Decode[out](t, r)
	if got.Text != "HELLO" {
		t.Errorf("got %+v", got)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, newPlugin())
	host.Answer("sure", sdktest.Accept(map[string]any{"sure": true}))
	r := host.Call(t.Context(), "template_remove", map[string]any{"name": "network"})
	if !sdktest.Decode[removeOut](t, r).Removed || !r.Background || len(r.Progress) != 3 {
		t.Errorf("got %+v", r)
	}
	host.Answer("sure", sdktest.Decline())
	if sdktest.Decode[removeOut](t, host.Call(t.Context(), "template_remove", map[string]any{"name": "network"})).Removed {
		t.Error("removed although nobody agreed")
	}
	host.Client = sdk.Client{}
	if r := host.Call(t.Context(), "template_remove", map[string]any{"name": "network"}); r.Err == nil {
		t.Error("removed although nobody could be asked")
	}
}

func TestOffers(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, newPlugin())
	text := host.Prompt(t.Context(), "compare_versions", map[string]string{"name": "network"}).Text()
	content := host.Read(t.Context(), "template://{name}", map[string]string{"name": "network"}).Text()
	names, err := host.Complete(t.Context(), sdktest.Prompt, "compare_versions", sdk.Completion{Argument: "name", Value: "net"})
	if got := fmt.Sprint(text, content, names.Values, err); got != "Compare the two newest versions of network.the text of network[network network-large] <nil>" {
		t.Error(got)
	}
}

// TestDocument wants every line of Go in the document to be one that is compiled, in the same order.
func TestDocument(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(content), "\n")
		for n := range lines {
			lines[n] = strings.TrimSpace(lines[n])
		}
		return strings.Join(lines, "\n")
	}
	compiled := read("document_test.go") + read("../../docs/example-plugin/main_test.go")
	blocks := strings.Split(read("../../docs/writing-a-plugin.md"), "```go\n")[1:]
	if len(blocks) < 4 {
		t.Errorf("the document has %d blocks of Go", len(blocks))
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		for _, part := range strings.Split(strings.TrimSpace(code), "\n\n") {
			if !strings.Contains(compiled, part) {
				t.Errorf("this is in the document, and in no test:\n%s", part)
			}
		}
	}
}
