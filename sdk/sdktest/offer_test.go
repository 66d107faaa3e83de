package sdktest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

type nothing struct{}

type who struct {
	Name string `json:"name" jsonschema_description:"A name."`
	Tone string `json:"tone,omitempty" jsonschema_description:"How it sounds."`
}

var start = time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)

// doAll does once what a call can do besides its result.
func doAll(ctx context.Context, call *sdk.Call, _ nothing) (sdk.Contents, error) {
	call.Background()
	call.CloseStream()
	call.Report(sdk.CloudRequest{Start: start, End: start.Add(time.Second), Method: "GET", Endpoint: "https://a", Route: "/v1/{id}", Status: 200, Attempt: 1})
	call.Report(sdk.CloudRequest{Error: "timeout"})
	call.ListTool("test_all", true)
	call.ListPrompt("test_greet", false)
	call.ResourceUpdated("notes://1")
	answers, err := call.Ask(ctx, map[string]sdk.Question{"who": sdk.Form[who]("Who?"), "said": sdk.Sample([]byte(`{"maxTokens":1}`)), "roots": sdk.Roots()})
	if err != nil {
		return sdk.Contents{}, err
	}
	var filled who
	if answers["who"].Accepted() {
		if err := answers["who"].Decode(&filled); err != nil {
			return sdk.Contents{}, err
		}
	}
	return sdk.Contents{Blocks: []sdk.Content{
		sdk.Text(filled.Name + " " + answers["said"].Text() + " " + string(answers["roots"].JSON())),
		sdk.Embed(sdk.ResourceContent{URI: "notes://1", Text: "a note"}),
	}}, nil
}

func offering() sdk.Plugin {
	return sdk.Plugin{
		Name: "test", Version: "1", Description: "A plugin of a test.",
		Tools: []sdk.Tool{
			sdk.NewTool(sdk.ToolSpec{Name: "test_all", Title: "All", Description: "Does all that a call can do besides its result; for the test kit."}, doAll),
			sdk.NewTool(sdk.ToolSpec{
				Name: "test_task", Title: "Task", Description: "Is only for clients that can wait for a task; for the test kit.", TaskRequired: true,
			}, func(context.Context, *sdk.Call, nothing) (sdk.Contents, error) { return sdk.Contents{}, nil }),
			sdk.NewTool(sdk.ToolSpec{Name: "test_lists", Title: "Lists", Description: "Lists what the plugin does not have; for the test kit."},
				func(_ context.Context, call *sdk.Call, _ nothing) (sdk.Contents, error) {
					call.ListTool("no_such_tool", true)
					return sdk.Contents{}, nil
				}),
		},
		Prompts: []sdk.Prompt{sdk.NewPrompt(sdk.PromptSpec{
			Name: "test_greet", Title: "Greet", Description: "Greets somebody by the name, in a tone; for the test kit.",
			Complete: sdk.Completers{"name": func(_ context.Context, c sdk.Completion) ([]string, error) {
				if c.Arguments["tone"] == "none" {
					return nil, errors.New("nobody is known")
				}
				return []string{"Alice", "Alina", "Bob"}, nil
			}},
		}, func(_ context.Context, _ *sdk.Call, in who) (sdk.Messages, error) {
			if in.Name == "nobody" {
				return sdk.Messages{Messages: []sdk.Message{{Role: "system", Content: sdk.Text("?")}}}, nil
			}
			return sdk.Messages{Messages: []sdk.Message{sdk.User("Hello " + in.Name), sdk.Assistant("Hi")}}, nil
		})},
		Resources: []sdk.Resource{{
			URI: "notes://{id}", Name: "note", Description: "One note.", MediaType: "text/plain",
			Read: func(_ context.Context, _ *sdk.Call, uri string, variables map[string]string) (sdk.ResourceContent, error) {
				if variables["id"] == "0" {
					return sdk.ResourceContent{}, &sdk.Error{Code: sdk.CodeNotFound, Source: sdk.SourceArgument, Message: "there is no note 0"}
				}
				return sdk.ResourceContent{Text: uri + " is " + variables["id"]}, nil
			},
		}},
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, offering())
	host.Answer("who", func(_ context.Context, q sdktest.Asked) any {
		if q.Method != "elicitation/create" || !strings.Contains(string(q.Params), "Who?") {
			t.Errorf("asked %+v", q)
		}
		return sdktest.Accept(who{Name: "Alice"})
	})
	host.Answer("said", sdktest.Says("says"))
	host.Answer("roots", sdktest.Folders("file:///a"))
	r := host.Call(t.Context(), "test_all", nil)
	if want := "Alice says {\"roots\":[{\"uri\":\"file:///a\"}]}\na note"; r.Text() != want {
		t.Errorf("got %q, %v", r.Text(), r.Err)
	}
	if !r.Background || !r.ClosedStream {
		t.Errorf("background %v, closed stream %v", r.Background, r.ClosedStream)
	}
	var keys []string
	for _, q := range r.Asked {
		keys = append(keys, q.Key+" "+q.Method)
	}
	for what, diff := range map[string]string{
		"asked": cmp.Diff([]string{"roots roots/list", "said sampling/createMessage", "who elicitation/create"}, keys),
		"requests": cmp.Diff([]sdk.CloudRequest{
			{Start: start, End: start.Add(time.Second), Method: "GET", Endpoint: "https://a", Route: "/v1/{id}", Status: 200, Attempt: 1}, {Error: "timeout"},
		}, r.CloudRequests),
		"listings": cmp.Diff([]sdktest.Listing{{Kind: sdktest.Tool, Name: "test_all", Listed: true}, {Kind: sdktest.Prompt, Name: "test_greet"}}, r.Listings),
		"updated":  cmp.Diff([]string{"notes://1"}, r.Updated),
	} {
		if diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

func TestUnanswered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		client sdk.Client
		who    any
		want   string
	}{
		"no answer":   {sdk.Client{Elicit: true, Sample: true, Roots: true}, nil, `nobody answered the question "who"`},
		"declined":    {sdk.Client{Elicit: true, Sample: true, Roots: true}, sdktest.Decline(), ""},
		"silent func": {sdk.Client{Elicit: true, Sample: true, Roots: true}, func(context.Context, sdktest.Asked) any { return nil }, "nobody answered"},
		"no forms":    {sdk.Client{Sample: true, Roots: true}, nil, "does not know elicitation/create"},
		"no model":    {sdk.Client{Elicit: true, Roots: true}, nil, "does not know sampling/createMessage"},
		"no folders":  {sdk.Client{Elicit: true, Sample: true}, nil, "does not know roots/list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := sdktest.New(t, offering())
			host.Client = tc.client
			host.Answer("said", sdktest.Says(""))
			host.Answer("roots", sdktest.Folders())
			if tc.who != nil {
				host.Answer("who", tc.who)
			}
			switch r := host.Call(t.Context(), "test_all", nil); {
			case tc.want == "" && r.Err != nil:
				t.Error(r.Err)
			case tc.want != "" && (r.Err == nil || r.Err.Code != sdk.CodeFailedPrecondition || !strings.Contains(r.Err.Message, tc.want)):
				t.Errorf("got %v, want %q", r.Err, tc.want)
			}
		})
	}
	host := sdktest.New(t, offering())
	host.Client = sdk.Client{}
	if r := host.Call(t.Context(), "test_task", nil); r.Err == nil || !strings.Contains(r.Err.Message, "wait for a task") {
		t.Errorf("got %v", r.Err)
	}
}

func TestPrompt(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, offering())
	r := host.Prompt(t.Context(), "test_greet", map[string]string{"name": "Alice"})
	if m := sdktest.Decode[sdk.Messages](t, r); r.Text() != "Hello Alice\nHi" || len(m.Messages) != 2 || m.Messages[1].Role != "assistant" {
		t.Errorf("got %s", r.JSON)
	}
	for name, tc := range map[string]struct {
		prompt string
		args   map[string]string
		want   string
	}{
		"missing":    {"test_greet", nil, `"name" is missing`},
		"unknown":    {"test_greet", map[string]string{"name": "a", "more": "b"}, `"more" is unknown`},
		"bad role":   {"test_greet", map[string]string{"name": "nobody"}, `the role "system"`},
		"not there":  {"test_nothing", nil, `there is no "test_nothing"`},
		"not a tool": {"test_all", nil, `there is no "test_all"`},
	} {
		if r := host.Prompt(t.Context(), tc.prompt, tc.args); r.Err == nil || !strings.Contains(r.Err.Message, tc.want) || r.Text() != "" {
			t.Errorf("%s: got %v, want %q", name, r.Err, tc.want)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, offering())
	r := host.Read(t.Context(), "notes://{id}", map[string]string{"id": "a b"})
	if want := `{"uri":"notes://a%20b","mimeType":"text/plain","text":"notes://a%20b is a b"}`; string(r.JSON) != want {
		t.Errorf("got %s, %v", r.JSON, r.Err)
	}
	if r := host.Read(t.Context(), "notes://{id}", map[string]string{"id": "0"}); r.Err == nil || r.Err.Code != sdk.CodeNotFound {
		t.Errorf("got %v", r.Err)
	}
	if r := host.Read(t.Context(), "notes://1", nil); r.Err == nil || r.Err.Code != sdk.CodeNotFound {
		t.Errorf("got %v", r.Err)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, offering())
	got, err := host.Complete(t.Context(), sdktest.Prompt, "test_greet", sdk.Completion{Argument: "name", Value: "ali"})
	if diff := cmp.Diff(sdktest.Completions{Values: []string{"Alice", "Alina"}, Total: 2}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	_, err = host.Complete(t.Context(), sdktest.Prompt, "test_greet", sdk.Completion{Argument: "name", Arguments: map[string]string{"tone": "none"}})
	if err == nil || !strings.Contains(err.Error(), "nobody is known") {
		t.Errorf("got %v", err)
	}
}

// judged is a test that only notes that it failed.
type judged struct {
	testing.TB
	failed bool
}

func (j *judged) Helper()               {}
func (j *judged) Errorf(string, ...any) { j.failed = true }

// TestWhatFailsATest has the mistakes that a host would pass over, or refuse.
func TestWhatFailsATest(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*sdktest.Host) sdktest.Result{
		"lists what is not there": func(h *sdktest.Host) sdktest.Result { return h.Call(t.Context(), "test_lists", nil) },
		"an answer that does not fit the form": func(h *sdktest.Host) sdktest.Result {
			h.Answer("said", sdktest.Says(""))
			h.Answer("roots", sdktest.Folders())
			h.Answer("who", sdktest.Accept(map[string]any{"name": 1}))
			return h.Call(t.Context(), "test_all", nil)
		},
		"an answer that is no JSON": func(h *sdktest.Host) sdktest.Result {
			h.Answer("roots", make(chan int))
			return h.Call(t.Context(), "test_all", nil)
		},
	} {
		judge := &judged{TB: t}
		call(sdktest.New(judge, offering()))
		if !judge.failed {
			t.Errorf("%s: the test did not fail", name)
		}
	}
}
