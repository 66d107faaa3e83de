package sdk

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type topic struct {
	Topic string `json:"topic" jsonschema_description:"What it is about."`
	Tone  string `json:"tone,omitempty" jsonschema_description:"How it sounds."`
}

func noMessages[In any](context.Context, *Call, In) (Messages, error) { return Messages{}, nil }

func noCompletions(context.Context, Completion) ([]string, error) { return nil, nil }

func readNothing(context.Context, *Call, string, map[string]string) (ResourceContent, error) {
	return ResourceContent{}, nil
}

var promptSpec = PromptSpec{
	Name: "sample_topic", Title: "Topic", Description: "Asks for an essay on a topic, in a tone if one is given.",
}

func TestPromptMistakes(t *testing.T) {
	t.Parallel()
	type number struct {
		N int `json:"n" jsonschema_description:"A number."`
	}
	type choice struct {
		A string `json:"a" jsonschema:"enum=x,enum=y" jsonschema_description:"A choice."`
	}
	type silent struct {
		A string `json:"a"`
	}
	spec := func(change func(*PromptSpec)) PromptSpec {
		s := promptSpec
		change(&s)
		return s
	}
	for name, tc := range map[string]struct {
		prompt Prompt
		want   string
	}{
		"good":              {NewPrompt(promptSpec, noMessages[topic]), ""},
		"no arguments":      {NewPrompt(promptSpec, noMessages[struct{}]), ""},
		"not made":          {Prompt{spec: promptSpec}, "not made by NewPrompt"},
		"name":              {NewPrompt(spec(func(s *PromptSpec) { s.Name = "Sample" }), noMessages[topic]), "snake case"},
		"title":             {NewPrompt(spec(func(s *PromptSpec) { s.Title = "" }), noMessages[topic]), "title is empty"},
		"description":       {NewPrompt(spec(func(s *PromptSpec) { s.Description = "Short." }), noMessages[topic]), "6 characters"},
		"icon":              {NewPrompt(spec(func(s *PromptSpec) { s.Icons = []Icon{{Src: "http://a/b"}} }), noMessages[topic]), "https"},
		"number":            {NewPrompt(promptSpec, noMessages[number]), `"n": the arguments of a prompt are strings`},
		"schema":            {NewPrompt(promptSpec, noMessages[choice]), `"a": the arguments of a prompt have no schema`},
		"no description":    {NewPrompt(promptSpec, noMessages[silent]), "no jsonschema_description"},
		"no struct":         {NewPrompt(promptSpec, noMessages[string]), "must be a struct"},
		"unknown completer": {NewPrompt(spec(func(s *PromptSpec) { s.Complete = Completers{"more": noCompletions} }), noMessages[topic]), `completes "more"`},
		"nil completer":     {NewPrompt(spec(func(s *PromptSpec) { s.Complete = Completers{"tone": nil} }), noMessages[topic]), `completer of "tone" is nil`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Plugin{Name: "sample", Version: "1", Prompts: []Prompt{tc.prompt}}
			wantError(t, p.Validate(), tc.want)
		})
	}
	twice := Plugin{Name: "sample", Version: "1", Prompts: []Prompt{
		NewPrompt(promptSpec, noMessages[topic]), NewPrompt(promptSpec, noMessages[topic]),
	}}
	wantError(t, twice.Validate(), `prompt "sample_topic" is defined twice`)
	wantError(t, Plugin{Name: "sample", Version: "1"}.Validate(), "no tools, no prompts and no resources")
}

func TestResourceMistakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Resource)
		want   string
	}{
		"good":              {func(*Resource) {}, ""},
		"template":          {func(r *Resource) { r.URI = "notes://{id}/text{?a,b}"; r.Complete = Completers{"b": noCompletions} }, ""},
		"path":              {func(r *Resource) { r.URI = "notes:///{+path}" }, ""},
		"no scheme":         {func(r *Resource) { r.URI = "notes" }, "no scheme"},
		"scheme is a hole":  {func(r *Resource) { r.URI = "{scheme}" }, "no scheme"},
		"no URI":            {func(r *Resource) { r.URI = "a b:c\x00" }, "no scheme, or is none"},
		"stray brace":       {func(r *Resource) { r.URI = "notes:a/{id" }, "brace"},
		"the host's":        {func(r *Resource) { r.URI = "artifact://1/a" }, "the host's"},
		"no name":           {func(r *Resource) { r.Name = "" }, "name or the description is empty"},
		"no description":    {func(r *Resource) { r.Description = "" }, "name or the description is empty"},
		"no Read":           {func(r *Resource) { r.Read = nil }, "no Read"},
		"icon":              {func(r *Resource) { r.Icons = []Icon{{Src: "file:///a"}} }, "https"},
		"unknown completer": {func(r *Resource) { r.Complete = Completers{"id": noCompletions} }, `completes "id"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Resource{URI: "notes://all", Name: "all", Description: "All notes.", Read: readNothing}
			tc.change(&r)
			wantError(t, Plugin{Name: "sample", Version: "1", Resources: []Resource{r}}.Validate(), tc.want)
		})
	}
	r := Resource{URI: "notes://all", Name: "all", Description: "All notes.", Read: readNothing}
	wantError(t, Plugin{Name: "sample", Version: "1", Resources: []Resource{r, r}}.Validate(), `"notes://all" is defined twice`)
}

func TestToolCompleters(t *testing.T) {
	t.Parallel()
	tool := NewTool(ToolSpec{
		Name: "sample_nothing", Title: "Nothing", Description: "Does nothing at all, and says so when it is done.",
		Complete: Completers{"more": noCompletions}, Icons: []Icon{{Src: "ftp://a"}},
	}, doNothing)
	err := Plugin{Name: "sample", Version: "1", Tools: []Tool{tool}}.Validate()
	wantError(t, err, `completes "more", which is no argument`)
	wantError(t, err, "ftp://a")
}

func TestManifestOfAllKinds(t *testing.T) {
	t.Parallel()
	icons := []Icon{{Src: "https://example.com/a.png", MIMEType: "image/png", Sizes: []string{"48x48"}}}
	prompt := promptSpec
	prompt.Icons, prompt.Unlisted, prompt.Complete = icons, true, Completers{"topic": noCompletions}
	blocks := func(context.Context, *Call, topic) (Contents, error) { return Contents{}, nil }
	m, err := Plugin{
		Name: "sample", Version: "1",
		Tools: []Tool{NewTool(ToolSpec{
			Name: "sample_blocks", Title: "Blocks", Description: "Says nothing, in content blocks, and takes long over it.",
			TaskRequired: true, Unlisted: true, Icons: icons, Complete: Completers{"topic": noCompletions, "tone": noCompletions},
		}, blocks)},
		Prompts: []Prompt{NewPrompt(prompt, noMessages[topic])},
		Resources: []Resource{{
			URI: "notes://{id}", Name: "note", Title: "Note", Description: "One note.", MediaType: "text/plain", Icons: icons,
			Complete: Completers{"id": noCompletions}, Read: readNothing,
		}},
	}.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	tool := m.Tools[0]
	if tool.OutputSchema != nil || tool.StoresFiles || !tool.TaskRequired || !tool.Unlisted || len(tool.Icons) != 1 {
		t.Errorf("tool %+v", tool)
	}
	if diff := cmp.Diff([]string{"tone", "topic"}, tool.Completes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]PromptManifest{{
		Name: prompt.Name, Title: prompt.Title, Description: prompt.Description, Icons: icons, Unlisted: true,
		Arguments: []PromptArgument{
			{Name: "topic", Description: "What it is about.", Required: true, Completes: true},
			{Name: "tone", Description: "How it sounds."},
		},
	}}, m.Prompts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]ResourceManifest{{
		URI: "notes://{id}", Name: "note", Title: "Note", Description: "One note.", MediaType: "text/plain", Icons: icons,
		Completes: []string{"id"},
	}}, m.Resources); diff != "" {
		t.Error(diff)
	}
	if encoded, err := json.Marshal(m); err != nil || strings.Contains(string(encoded), "output_schema") {
		t.Errorf("%s, %v", encoded, err)
	}
}

// wantError checks that an error holds a text, or that there is none.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v, want no error", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q", err, want)
	}
}
