package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mcp-server/sdk"
)

type named struct {
	Name string `json:"name"`
}

type colored struct {
	Color string `json:"color"`
}

type confirmed struct {
	OK bool `json:"ok"`
}

type valued struct {
	Value string `json:"value"`
}

// roundTools ask and go on with the answers, which in 2026-07-28 takes several requests (SEP-2322).
func roundTools() []sdk.Tool {
	return []sdk.Tool{
		tool("test_input_required_result_elicitation", "One form", "Asks a person for a name and greets them; the suite's input-required-result scenarios call it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				var who named
				if err := fill(ctx, call, "user_name", sdk.Form[named]("What is your name?"), &who); err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("Hello, " + who.Name + "!"))
			}),
		tool("test_input_required_result_sampling", "One sampling", "Asks the client's model for a capital; the suite's input-required-result-basic-sampling calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				answer, err := askOne(ctx, call, "capital_question", sample("What is the capital of France?", 100))
				if err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text(answer.Text()))
			}),
		tool("test_input_required_result_list_roots", "Roots", "Asks for the client's folders; the suite's input-required-result-basic-list-roots calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				answer, err := askOne(ctx, call, "client_roots", sdk.Roots())
				if err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("The client's roots: " + strings.Join(rootsOf(answer), ", ")))
			}),
		tool("test_input_required_result_request_state", "State", "Asks for a confirmation, with a state that comes back; the suite's input-required-result-request-state calls it.",
			confirm("state-ok")),
		tool("test_input_required_result_tampered_state", "Changed state", "Asks for a confirmation whose state must not be changed; the suite's input-required-result-tampered-state calls it.",
			confirm("confirmed")),
		tool("test_input_required_result_multiple_inputs", "Three questions", "Asks a person, the model and for folders at once; the suite's input-required-result-multiple-input-requests calls it.", threeQuestions),
		tool("test_input_required_result_multi_round", "Two rounds", "Asks for a name, then for a colour; the suite's input-required-result-multi-round calls it.", twoRounds),
		tool("test_input_required_result_capabilities", "What the client can", "Asks only what the client says it can answer; the suite's input-required-result-capability-check calls it.", whatItCan),
	}
}

// fill asks a person and reads the form's values; a form that was declined is an error.
func fill(ctx context.Context, call *sdk.Call, key string, q sdk.Question, into any) error {
	answer, err := askOne(ctx, call, key, q)
	if err != nil {
		return err
	}
	if !answer.Accepted() {
		return &sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourceArgument, Message: "the form was not filled in; call again to be asked again"}
	}
	return answer.Decode(into)
}

// confirm asks for a confirmation and says a text.
func confirm(text string) sdk.Handler[none, sdk.Contents] {
	return func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
		var done confirmed
		if err := fill(ctx, call, "confirm", sdk.Form[confirmed]("Please confirm"), &done); err != nil {
			return sdk.Contents{}, err
		}
		return says(sdk.Text(fmt.Sprintf("%s: ok=%v", text, done.OK)))
	}
}

func threeQuestions(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
	answers, err := call.Ask(ctx, map[string]sdk.Question{
		"user_name":    sdk.Form[named]("What is your name?"),
		"greeting":     sample("Generate a greeting", 50),
		"client_roots": sdk.Roots(),
	})
	if err != nil {
		return sdk.Contents{}, err
	}
	var who named
	if err := answers["user_name"].Decode(&who); err != nil {
		return sdk.Contents{}, err
	}
	return says(sdk.Text(fmt.Sprintf("%s, %s! You work in %s.",
		answers["greeting"].Text(), who.Name, strings.Join(rootsOf(answers["client_roots"]), ", "))))
}

func twoRounds(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
	var who named
	if err := fill(ctx, call, "step1", sdk.Form[named]("Step 1: What is your name?"), &who); err != nil {
		return sdk.Contents{}, err
	}
	var likes colored
	if err := fill(ctx, call, "step2", sdk.Form[colored]("Step 2: What is your favorite color?"), &likes); err != nil {
		return sdk.Contents{}, err
	}
	return says(sdk.Text(fmt.Sprintf("%s likes %s.", who.Name, likes.Color)))
}

func whatItCan(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
	questions := map[string]sdk.Question{}
	if call.Client().Elicit {
		questions["elicit_input"] = sdk.Form[valued]("Elicitation input")
	}
	if call.Client().Sample {
		questions["sample_input"] = sample("Sample request", 50)
	}
	if len(questions) == 0 {
		return says(sdk.Text("No supported capabilities declared"))
	}
	answers, err := call.Ask(ctx, questions)
	if err != nil {
		return sdk.Contents{}, err
	}
	return says(sdk.Text("capabilities-ok: received " + strings.Join(slices.Sorted(maps.Keys(answers)), ",")))
}

// rootsOf returns the URIs of the client's folders.
func rootsOf(a sdk.Answer) []string {
	var listed struct {
		Roots []struct {
			URI string `json:"uri"`
		} `json:"roots"`
	}
	_ = json.Unmarshal(a.JSON(), &listed) // what is no list holds no folder
	uris := make([]string, 0, len(listed.Roots))
	for _, root := range listed.Roots {
		uris = append(uris, root.URI)
	}
	return uris
}
