package main

import (
	"context"
	"encoding/json"
	"fmt"

	"mcp-server/sdk"
)

type prompted struct {
	Prompt string `json:"prompt" jsonschema_description:"The prompt to send to the LLM."`
}

type messaged struct {
	Message string `json:"message" jsonschema_description:"The message to show the user."`
}

type contact struct {
	Username string `json:"username" jsonschema_description:"User's response"`
	Email    string `json:"email" jsonschema_description:"User's email address"`
}

// profile has a default of each primitive type (SEP-1034).
type profile struct {
	Name     string  `json:"name,omitempty" jsonschema:"default=John Doe" jsonschema_description:"User name"`
	Age      int     `json:"age,omitempty" jsonschema:"default=30" jsonschema_description:"User age"`
	Score    float64 `json:"score,omitempty" jsonschema:"default=95.5" jsonschema_description:"User score"`
	Status   string  `json:"status,omitempty" jsonschema:"enum=active,enum=inactive,enum=pending,default=active" jsonschema_description:"User status"`
	Verified bool    `json:"verified,omitempty" jsonschema:"default=true" jsonschema_description:"Verification status"`
}

// choices are the five ways of an enum in a form (SEP-1330), one of them older than JSON Schema has words for.
const choices = `{"type": "object", "properties": {
	"untitledSingle": {"type": "string", "description": "Select one option", "enum": ["option1", "option2", "option3"]},
	"titledSingle": {"type": "string", "description": "Select one option with titles", "oneOf": [
		{"const": "value1", "title": "First Option"}, {"const": "value2", "title": "Second Option"}, {"const": "value3", "title": "Third Option"}]},
	"legacyEnum": {"type": "string", "description": "Select one option (legacy)",
		"enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
	"untitledMulti": {"type": "array", "description": "Select multiple options", "minItems": 1, "maxItems": 3,
		"items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
	"titledMulti": {"type": "array", "description": "Select multiple options with titles", "minItems": 1, "maxItems": 3,
		"items": {"anyOf": [
			{"const": "value1", "title": "First Choice"}, {"const": "value2", "title": "Second Choice"}, {"const": "value3", "title": "Third Choice"}]}}
}}`

func askTools() []sdk.Tool {
	return []sdk.Tool{
		tool("test_sampling", "Sampling", "Asks the client's model what the prompt says; the suite's tools-call-sampling calls it.",
			func(ctx context.Context, call *sdk.Call, in prompted) (sdk.Contents, error) {
				answer, err := askOne(ctx, call, "sample", sample(in.Prompt, 100))
				if err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("LLM response: " + answer.Text()))
			}),
		tool("test_elicitation", "Elicitation", "Asks a person for a name and an address; the suite's tools-call-elicitation calls it.",
			func(ctx context.Context, call *sdk.Call, in messaged) (sdk.Contents, error) {
				return askAndTell(ctx, call, "User response", sdk.Form[contact](in.Message))
			}),
		tool("test_elicitation_sep1034_defaults", "Form with defaults", "Asks a person with a form full of defaults; the suite's elicitation-sep1034-defaults calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				return askAndTell(ctx, call, "Elicitation completed", sdk.Form[profile]("Please review and update the form fields with defaults"))
			}),
		tool("test_elicitation_sep1330_enums", "Form with choices", "Asks a person with a form of all enums; the suite's elicitation-sep1330-enums calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				return askAndTell(ctx, call, "Elicitation completed", sdk.Elicit("Please select options from the enum fields", json.RawMessage(choices)))
			}),
		tool("test_streaming_elicitation", "Progress and a question", "Reports progress, then asks a person for a name; the suite's server-stateless calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.Progress(50, 100, "")
				if _, err := askOne(ctx, call, "user_name", sdk.Form[named]("What is your name?")); err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("Streaming complete"))
			}),
		tool("test_missing_capability", "Needs sampling", "Asks the client's model, which a client without sampling cannot serve; the suite's server-stateless calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				if _, err := askOne(ctx, call, "sample", sample("Say something", 50)); err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("Success"))
			}),
	}
}

// askOne asks one question.
func askOne(ctx context.Context, call *sdk.Call, key string, q sdk.Question) (sdk.Answer, error) {
	answers, err := call.Ask(ctx, map[string]sdk.Question{key: q})
	return answers[key], err
}

// askAndTell asks a person and returns what came back.
func askAndTell(ctx context.Context, call *sdk.Call, what string, q sdk.Question) (sdk.Contents, error) {
	answer, err := askOne(ctx, call, "form", q)
	if err != nil {
		return sdk.Contents{}, err
	}
	var filled struct {
		Action  string         `json:"action"`
		Content map[string]any `json:"content"`
	}
	if err := json.Unmarshal(answer.JSON(), &filled); err != nil {
		return sdk.Contents{}, fmt.Errorf("reading the answer: %w", err)
	}
	content, err := json.Marshal(filled.Content)
	if err != nil {
		return sdk.Contents{}, err
	}
	return says(sdk.Text(fmt.Sprintf("%s: action=%s, content=%s", what, filled.Action, content)))
}

// sample asks the client's model with one text.
func sample(text string, maxTokens int) sdk.Question {
	request, err := json.Marshal(map[string]any{
		"messages":  []any{map[string]any{"role": "user", "content": map[string]any{"type": "text", "text": text}}},
		"maxTokens": maxTokens,
	})
	if err != nil {
		panic(err) // texts and numbers are always JSON
	}
	return sdk.Sample(request)
}
