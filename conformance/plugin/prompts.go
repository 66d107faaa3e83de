package main

import (
	"context"
	"fmt"

	"mcp-server/sdk"
)

type twoArguments struct {
	Arg1 string `json:"arg1" jsonschema_description:"First test argument"`
	Arg2 string `json:"arg2" jsonschema_description:"Second test argument"`
}

type embedding struct {
	ResourceURI string `json:"resourceUri" jsonschema_description:"URI of the resource to embed"`
}

type aboutContext struct {
	Context string `json:"context"`
}

func prompts() []sdk.Prompt {
	return []sdk.Prompt{
		sdk.NewPrompt(promptSpec("test_simple_prompt", "Simple", "One message without arguments; the suite's prompts-get-simple gets it."),
			func(context.Context, *sdk.Call, none) (sdk.Messages, error) {
				return messages(sdk.User("This is a simple prompt for testing."))
			}),
		sdk.NewPrompt(sdk.PromptSpec{
			Name: "test_prompt_with_arguments", Title: "Arguments",
			Description: "One message with two arguments, which complete; the suite's prompts-get-with-args gets it.",
			Complete:    sdk.Completers{"arg1": suggest("paris", "park", "party", "test"), "arg2": suggest("hello", "world")},
		}, func(_ context.Context, _ *sdk.Call, in twoArguments) (sdk.Messages, error) {
			return messages(sdk.User(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", in.Arg1, in.Arg2)))
		}),
		sdk.NewPrompt(promptSpec("test_prompt_with_embedded_resource", "Embedded resource", "A message that holds a resource; the suite's prompts-get-embedded-resource gets it."),
			func(_ context.Context, _ *sdk.Call, in embedding) (sdk.Messages, error) {
				return messages(sdk.Message{Role: "user", Content: sdk.Embed(sdk.ResourceContent{
					URI: in.ResourceURI, MediaType: "text/plain", Text: "Embedded resource content for testing.",
				})}, sdk.User("Please process the embedded resource above."))
			}),
		sdk.NewPrompt(promptSpec("test_prompt_with_image", "Picture", "A message that holds a picture; the suite's prompts-get-with-image gets it."),
			func(context.Context, *sdk.Call, none) (sdk.Messages, error) {
				return messages(sdk.Message{Role: "user", Content: sdk.Image(redPoint(), "image/png")}, sdk.User("Please analyze the image above."))
			}),
		sdk.NewPrompt(promptSpec("test_input_required_result_prompt", "Question", "A prompt that asks a person first; the suite's input-required-result-non-tool-request gets it."),
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Messages, error) {
				var about aboutContext
				if err := fill(ctx, call, "user_context", sdk.Form[aboutContext]("What context should the prompt use?"), &about); err != nil {
					return sdk.Messages{}, err
				}
				return messages(sdk.User("Use this context: " + about.Context))
			}),
		sdk.NewPrompt(sdk.PromptSpec{
			Name: dynamicPrompt, Title: "Comes and goes", Unlisted: true,
			Description: "Is listed only after test_trigger_prompt_change, and not after the next one.",
		}, func(context.Context, *sdk.Call, none) (sdk.Messages, error) { return messages(sdk.User("Here I am.")) }),
	}
}

func promptSpec(name, title, description string) sdk.PromptSpec {
	return sdk.PromptSpec{Name: name, Title: title, Description: description}
}

func messages(all ...sdk.Message) (sdk.Messages, error) { return sdk.Messages{Messages: all}, nil }
