package main

import (
	"context"
	"fmt"
	"time"

	"mcp-server/sdk"
)

type greeted struct {
	Name string `json:"name" jsonschema_description:"Whom to greet."`
}

type computed struct {
	Seconds float64 `json:"seconds" jsonschema:"minimum=0,maximum=3600" jsonschema_description:"How long it takes, in seconds."`
	Label   string  `json:"label,omitempty" jsonschema_description:"What the result is called."`
}

type deleted struct {
	Filename string `json:"filename" jsonschema_description:"The file that would be deleted; none is."`
}

type sure struct {
	Confirm bool `json:"confirm"`
}

// taskTools are those of the tasks extension (SEP-2663). All but greet become tasks for a client that can wait for one.
func taskTools() []sdk.Tool {
	required := func(name, title, description string) sdk.ToolSpec {
		s := spec(name, title, description)
		s.TaskRequired = true
		return s
	}
	return []sdk.Tool{
		tool("greet", "Greet", "Greets at once, never as a task; the suite's tasks scenarios call it.",
			func(_ context.Context, _ *sdk.Call, in greeted) (sdk.Contents, error) {
				return says(sdk.Text("Hello, " + in.Name + "!"))
			}),
		tool("slow_compute", "Slow", "Takes as many seconds as it is told to; the suite's tasks scenarios call it.",
			func(ctx context.Context, call *sdk.Call, in computed) (sdk.Contents, error) {
				call.Background()
				if err := wait(ctx, time.Duration(in.Seconds*float64(time.Second))); err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text(fmt.Sprintf("Computed %q in %g s.", in.Label, in.Seconds)))
			}),
		sdk.NewTool(required("failing_job", "Failing", "Takes a second and answers with an error; only for clients that can wait for a task."),
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.Background()
				if err := wait(ctx, time.Second); err != nil {
					return sdk.Contents{}, err
				}
				return sdk.Contents{}, &sdk.Error{
					Code: sdk.CodeFailedPrecondition, Source: sdk.SourcePlugin, Message: "the job failed, as it always does",
				}
			}),
		tool("protocol_error_job", "Broken", "Breaks in the middle of its work, so that its task fails; the suite's tasks-lifecycle calls it.",
			func(_ context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.Background()
				panic("this job breaks, as the suite wants it")
			}),
		tool("confirm_delete", "Confirm", "Asks a person, as a task, whether a file may be deleted; the suite's tasks-mrtr-input calls it.",
			func(ctx context.Context, call *sdk.Call, in deleted) (sdk.Contents, error) {
				call.Background()
				var answer sure
				if err := fill(ctx, call, "confirm", sdk.Form[sure]("Delete "+in.Filename+"?"), &answer); err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text(fmt.Sprintf("%s: confirmed=%v", in.Filename, answer.Confirm)))
			}),
		tool("multi_input", "Two questions", "Asks two questions at once, as a task; the suite's tasks-mrtr-input calls it.", twoQuestions),
		sdk.NewTool(required("test_tool_with_task", "Question, then task", "Asks a person for a name, then goes on as a task; the suite's tasks-mrtr-composition calls it."),
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				var who named
				if err := fill(ctx, call, "user_name", sdk.Form[named]("What is your name?"), &who); err != nil {
					return sdk.Contents{}, err
				}
				call.Background()
				return says(sdk.Text("Hello, " + who.Name + "!"))
			}),
	}
}

func twoQuestions(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
	call.Background()
	answers, err := call.Ask(ctx, map[string]sdk.Question{
		"name":    sdk.Form[named]("What is your name?"),
		"confirm": sdk.Form[sure]("Is that right?"),
	})
	if err != nil {
		return sdk.Contents{}, err
	}
	var who named
	var answer sure
	if err := answers["name"].Decode(&who); err != nil {
		return sdk.Contents{}, err
	}
	if err := answers["confirm"].Decode(&answer); err != nil {
		return sdk.Contents{}, err
	}
	return says(sdk.Text(fmt.Sprintf("%s: confirmed=%v", who.Name, answer.Confirm)))
}
