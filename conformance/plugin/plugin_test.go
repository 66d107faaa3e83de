package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// script answers every question that the plugin asks.
func script(h *sdktest.Host) *sdktest.Host {
	alice := sdktest.Accept(map[string]any{"name": "Alice"})
	for key, answer := range map[string]any{
		"user_name": alice, "step1": alice, "name": alice,
		"step2":            sdktest.Accept(map[string]any{"color": "blue"}),
		"confirm":          sdktest.Accept(map[string]any{"ok": true, "confirm": true}),
		"capital_question": sdktest.Says("Paris."), "greeting": sdktest.Says("Hello there"), "sample": sdktest.Says("words"),
		"sample_input": sdktest.Says("words"), "elicit_input": sdktest.Accept(map[string]any{"value": "v"}),
		"client_roots": sdktest.Folders("file:///test/root"),
		"form":         sdktest.Accept(map[string]any{"username": "alice", "email": "a@example.com"}),
		"user_context": sdktest.Accept(map[string]any{"context": "test context"}),
	} {
		h.Answer(key, answer)
	}
	return h
}

// TestTools calls every tool; the texts are those that the suite's descriptions ask for.
func TestTools(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args map[string]any
		want string
	}{
		"test_simple_text":            {nil, "This is a simple text response for testing."},
		"test_image_content":          {nil, `"mimeType":"image/png"`},
		"test_audio_content":          {nil, `"mimeType":"audio/wav"`},
		"test_embedded_resource":      {nil, `"uri":"test://embedded-resource"`},
		"test_multiple_content_types": {nil, `"uri":"test://mixed-content-resource"`},
		"test_error_handling":         {nil, "This tool intentionally returns an error for testing"},
		"test_tool_with_logging":      {nil, "executed successfully"},
		"test_logging_tool":           {nil, "Logging evaluated"},
		"test_tool_with_progress":     {nil, "executed successfully"},
		"test_reconnection":           {nil, "Reconnection test completed successfully."},

		"test_sampling":                     {map[string]any{"prompt": "hi"}, "LLM response: words"},
		"test_elicitation":                  {map[string]any{"message": "hi"}, "User response: action=accept, content={"},
		"test_elicitation_sep1034_defaults": {nil, "Elicitation completed: action=accept"},
		"test_elicitation_sep1330_enums":    {nil, "Elicitation completed: action=accept"},
		"test_streaming_elicitation":        {nil, "Streaming complete"},
		"test_missing_capability":           {nil, "Success"},

		"test_input_required_result_elicitation":     {nil, "Hello, Alice!"},
		"test_input_required_result_sampling":        {nil, "Paris."},
		"test_input_required_result_list_roots":      {nil, "file:///test/root"},
		"test_input_required_result_request_state":   {nil, "state-ok"},
		"test_input_required_result_tampered_state":  {nil, "confirmed"},
		"test_input_required_result_multiple_inputs": {nil, "Hello there, Alice! You work in file:///test/root."},
		"test_input_required_result_multi_round":     {nil, "Alice likes blue."},
		"test_input_required_result_capabilities":    {nil, "capabilities-ok: received elicit_input,sample_input"},

		"greet":               {map[string]any{"name": "World"}, "Hello, World!"},
		"slow_compute":        {map[string]any{"seconds": 0, "label": "instant"}, "Computed"},
		"failing_job":         {nil, "the job failed"},
		"protocol_error_job":  {nil, "protocol_error_job broke on this call"},
		"confirm_delete":      {map[string]any{"filename": "a.txt"}, "a.txt: confirmed=true"},
		"multi_input":         {nil, "Alice: confirmed=true"},
		"test_tool_with_task": {nil, "Hello, Alice!"},

		dynamicTool:                    {nil, "Here I am."},
		"test_trigger_tool_change":     {nil, "Mutation triggered"},
		"test_trigger_prompt_change":   {nil, "Mutation triggered"},
		"test_trigger_resource_change": {nil, "Mutation triggered"},
		"json_schema_2020_12_tool":     {map[string]any{"phone": "1", "contactMethod": "phone"}, `called with: {\"contactMethod\":\"phone\",\"phone\":\"1\"}`},
		"test_custom_header":           {map[string]any{"region": "Hello"}, "region=Hello"},
	}
	for way, host := range sdktest.Both(t, conformance(), ".") {
		script(host)
		for name, tc := range cases {
			t.Run(way+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := host.Call(t.Context(), name, tc.args)
				got := string(r.JSON)
				if r.Err != nil {
					got = r.Err.Message
				}
				if !strings.Contains(got, tc.want) {
					t.Errorf("got %s, want %q", got, tc.want)
				}
			})
		}
	}
	manifest, err := conformance().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range manifest.Tools {
		if _, tested := cases[tool.Name]; !tested {
			t.Errorf("%s is not tested", tool.Name)
		}
	}
}

func TestWhatCallsDoBesides(t *testing.T) {
	t.Parallel()
	host := script(sdktest.New(t, conformance()))
	call := func(tool string) sdktest.Result { return host.Call(t.Context(), tool, nil) }
	if logs := call("test_tool_with_logging").Logs; len(logs) != 3 || !strings.HasPrefix(logs[1], "Tool processing data") {
		t.Errorf("logs %q", logs)
	}
	if diff := cmp.Diff([]sdktest.Progress{{Done: 0, Total: 100}, {Done: 50, Total: 100}, {Done: 100, Total: 100}},
		call("test_tool_with_progress").Progress); diff != "" {
		t.Error(diff)
	}
	if !call("test_reconnection").ClosedStream || call("test_simple_text").ClosedStream {
		t.Error("only test_reconnection closes the stream")
	}
	for _, tool := range []string{"failing_job", "protocol_error_job", "multi_input", "test_tool_with_task"} {
		if !call(tool).Background {
			t.Errorf("%s does not become a task", tool)
		}
	}
	for n, listed := range []bool{true, false, true} {
		if diff := cmp.Diff([]sdktest.Listing{{Kind: sdktest.Tool, Name: dynamicTool, Listed: listed}}, call("test_trigger_tool_change").Listings); diff != "" {
			t.Error(n, diff)
		}
		if diff := cmp.Diff([]sdktest.Listing{{Kind: sdktest.Prompt, Name: dynamicPrompt, Listed: listed}}, call("test_trigger_prompt_change").Listings); diff != "" {
			t.Error(n, diff)
		}
	}
	if diff := cmp.Diff([]string{watchedResource}, call("test_trigger_resource_change").Updated); diff != "" {
		t.Error(diff)
	}
}

// TestForms compares what a person is asked with what the suite looks for.
func TestForms(t *testing.T) {
	t.Parallel()
	host := script(sdktest.New(t, conformance()))
	asked := host.Call(t.Context(), "test_elicitation_sep1034_defaults", nil).Asked
	var form struct {
		Schema struct {
			Type       string                    `json:"type"`
			Properties map[string]map[string]any `json:"properties"`
			Required   []string                  `json:"required"`
		} `json:"requestedSchema"`
	}
	if err := json.Unmarshal(asked[0].Params, &form); err != nil {
		t.Fatal(err)
	}
	defaults := map[string]any{}
	for name, p := range form.Schema.Properties {
		defaults[name] = []any{p["type"], p["default"]}
	}
	want := map[string]any{
		"name": []any{"string", "John Doe"}, "age": []any{"integer", 30.0}, "score": []any{"number", 95.5},
		"status": []any{"string", "active"}, "verified": []any{"boolean", true},
	}
	if diff := cmp.Diff(want, defaults); diff != "" || len(form.Schema.Required) > 0 || form.Schema.Type != "object" {
		t.Errorf("%+v\n%s", form.Schema, diff)
	}
}

// TestPoorClients has what is asked of clients that can do less.
func TestPoorClients(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		client sdk.Client
		tool   string
		want   string
		asked  []string
	}{
		"sampling only":     {sdk.Client{Sample: true}, "test_input_required_result_capabilities", "received sample_input", []string{"sample_input"}},
		"elicitation only":  {sdk.Client{Elicit: true}, "test_input_required_result_capabilities", "received elicit_input", []string{"elicit_input"}},
		"nothing":           {sdk.Client{}, "test_input_required_result_capabilities", "No supported capabilities declared", nil},
		"needs sampling":    {sdk.Client{Elicit: true}, "test_missing_capability", "does not know sampling/createMessage", nil},
		"needs tasks":       {sdk.Client{Elicit: true}, "failing_job", "wait for a task", nil},
		"tasks are no must": {sdk.Client{}, "slow_compute", "Computed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := script(sdktest.New(t, conformance()))
			host.Client = tc.client
			var args any
			if tc.tool == "slow_compute" {
				args = map[string]any{"seconds": 0}
			}
			r := host.Call(t.Context(), tc.tool, args)
			got := r.Text()
			if r.Err != nil {
				got = r.Err.Message
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			var asked []string
			for _, q := range r.Asked {
				asked = append(asked, q.Key)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	host := script(sdktest.New(t, conformance()))
	for name, tc := range map[string]struct {
		args map[string]string
		want string
	}{
		"test_simple_prompt":         {nil, "This is a simple prompt for testing."},
		"test_prompt_with_arguments": {map[string]string{"arg1": "hello", "arg2": "world"}, "Prompt with arguments: arg1='hello', arg2='world'"},
		"test_prompt_with_embedded_resource": {map[string]string{"resourceUri": "test://example-resource"},
			"Embedded resource content for testing.\nPlease process the embedded resource above."},
		"test_prompt_with_image":            {nil, "Please analyze the image above."},
		"test_input_required_result_prompt": {nil, "Use this context: test context"},
		dynamicPrompt:                       {nil, "Here I am."},
	} {
		if r := host.Prompt(t.Context(), name, tc.args); r.Err != nil || r.Text() != tc.want {
			t.Errorf("%s: %q, %v", name, r.Text(), r.Err)
		}
	}
	got, err := host.Complete(t.Context(), sdktest.Prompt, "test_prompt_with_arguments", sdk.Completion{Argument: "arg1", Value: "par"})
	if want := (sdktest.Completions{Values: []string{"paris", "park", "party"}, Total: 3}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestResources(t *testing.T) {
	t.Parallel()
	host := sdktest.New(t, conformance())
	for uri, want := range map[string]string{
		"test://static-text":   `{"uri":"test://static-text","mimeType":"text/plain","text":"This is the content of the static text resource."}`,
		"test://static-binary": `{"uri":"test://static-binary","mimeType":"image/png","blob":"iVBORw0KGgo`,
		watchedResource:        `{"uri":"test://watched-resource","mimeType":"text/plain","text":"Watched resource content"}`,
	} {
		if r := host.Read(t.Context(), uri, nil); r.Err != nil || !strings.HasPrefix(string(r.JSON), want) {
			t.Errorf("%s: %s, %v", uri, r.JSON, r.Err)
		}
	}
	r := host.Read(t.Context(), "test://template/{id}/data", map[string]string{"id": "123"})
	if want := `{"id":"123","templateTest":true,"data":"Data for ID: 123"}`; r.Text() != want || !strings.Contains(string(r.JSON), `"uri":"test://template/123/data"`) {
		t.Errorf("got %s, %v", r.JSON, r.Err)
	}
}

// TestSchema wants the words that a server must pass on.
func TestSchema(t *testing.T) {
	t.Parallel()
	manifest, err := conformance().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(manifest.Tools, func(tool sdk.ToolManifest) bool { return tool.Name == "json_schema_2020_12_tool" })
	var got map[string]any
	if err := json.Unmarshal(manifest.Tools[at].InputSchema, &got); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"$schema", "$defs", "additionalProperties", "allOf", "if", "then", "else"} {
		if _, has := got[word]; !has {
			t.Errorf("the schema has no %s", word)
		}
	}
	if !strings.Contains(string(manifest.Tools[at].InputSchema), `"$anchor":"addressDef"`) {
		t.Error("the schema has no $anchor")
	}
	host := sdktest.New(t, conformance())
	for arguments, want := range map[string]bool{
		`{"phone":"1","contactMethod":"phone"}`:     true,
		`{"email":"a@b","address":{"city":"Bern"}}`: true,
		`{"email":"a@b","contactMethod":"phone"}`:   false,
		`{}`: false,
		`{"email":"a@b","address":{"town":"Bern"}}`:           false,
		`{"phone":"1","contactMethod":"phone","surname":"b"}`: false,
	} {
		if host.Accepts("json_schema_2020_12_tool", json.RawMessage(arguments)) != want {
			t.Errorf("%s: accepted is not %v", arguments, want)
		}
	}
}

// TestInventory excuses what the suite's json-schema-2020-12 wants to see.
func TestInventory(t *testing.T) {
	t.Parallel()
	sdktest.Inventory(t, conformance(), "json_schema_2020_12_tool combination")
}
