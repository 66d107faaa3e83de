package toolcheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

func diffed(old, now sdk.Manifest) []string {
	var got []string
	for _, c := range toolcheck.Diff(old, now) {
		got = append(got, strings.Replace(c.String(), "text_shout: ", "", 1))
	}
	return got
}

// TestDiffOfInputs compares two properties a, or whole lists of properties where they begin with a quote.
func TestDiffOfInputs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, now, want string }{
		"the same":           {`{"type":"string"}`, `{"type":"string"}`, ""},
		"description":        {`{"description":"A."}`, `{"description":"B."}`, `compatible: argument "a" is described otherwise`},
		"type narrowed":      {`{"type":"number"}`, `{"type":"integer"}`, `breaking: argument "a": its type was number and is integer`},
		"type widened":       {`{"type":"integer"}`, `{"type":"number"}`, `compatible: argument "a": its type was integer and is number`},
		"type changed":       {`{"type":"integer"}`, `{"type":"string"}`, `breaking: argument "a": its type was integer and is string`},
		"type dropped":       {`{"type":"integer"}`, `{}`, `compatible: argument "a": its type was integer and is anything`},
		"enum narrowed":      {`{"enum":["x","y"]}`, `{"enum":["x"]}`, `breaking: argument "a" may no longer be "y"`},
		"enum widened":       {`{"enum":["x"]}`, `{"enum":["x","y"]}`, `compatible: argument "a" may also be "y"`},
		"enum added":         {`{}`, `{"enum":["x"]}`, `breaking: argument "a" must now be one of "x"`},
		"enum dropped":       {`{"const":"x"}`, `{}`, `compatible: argument "a" may be any value, not only one of "x"`},
		"minimum raised":     {`{"minimum":1}`, `{"minimum":2}`, `breaking: argument "a": its minimum was 1 and is 2`},
		"minimum dropped":    {`{"minimum":1}`, `{}`, `compatible: argument "a": its minimum was 1 and is not set`},
		"maximum raised":     {`{"maximum":1}`, `{"maximum":2}`, `compatible: argument "a": its maximum was 1 and is 2`},
		"maximum added":      {`{}`, `{"maxLength":2}`, `breaking: argument "a": its maxLength was not set and is 2`},
		"pattern added":      {`{}`, `{"pattern":"x"}`, `breaking: argument "a": its pattern was not set and is x`},
		"pattern dropped":    {`{"pattern":"x"}`, `{}`, `compatible: argument "a": its pattern was x and is not set`},
		"default changed":    {`{"default":1}`, `{"default":2}`, `breaking: argument "a": a call that leaves it out gets 2 instead of 1`},
		"default added":      {`{}`, `{"default":2}`, `compatible: argument "a": a call that leaves it out gets 2 instead of not set`},
		"combination":        {`{"anyOf":[{}]}`, `{"anyOf":[{"type":"string"}]}`, `breaking: argument "a": its anyOf changed, which is not judged`},
		"items":              {`{"items":{"type":"string"}}`, `{"items":{"type":"integer"}}`, `breaking: argument "a[]": its type was string and is integer`},
		"below":              {object(`"b":{"maximum":2}`), object(`"b":{"maximum":1}`), `breaking: argument "a.b": its maximum was 2 and is 1`},
		"closed":             {`{"type":"object"}`, `{"type":"object","additionalProperties":false}`, `breaking: argument "a": what it may hold beside its named properties was narrowed`},
		"opened":             {`{"type":"object","additionalProperties":false}`, `{"type":"object"}`, `compatible: argument "a" may hold more than its schema names`},
		"map":                {`{"additionalProperties":{"maximum":2}}`, `{"additionalProperties":{"maximum":1}}`, `breaking: argument "a.*": its maximum was 2 and is 1`},
		"never":              {`{}`, `false`, `breaking: argument "a": its schema changed in a way that cannot be judged`},
		"always":             {`{}`, `true`, ""},
		"gone":               {`"a":{},"b":{}`, `"b":{}`, `breaking: argument "a" is gone`},
		"new":                {`"a":{}`, `"a":{},"b":{}`, `compatible: argument "b" is new`},
		"two things":         {`"a":{"maximum":2}`, `"a":{"maximum":1},"b":{}`, "breaking: argument \"a\": its maximum was 2 and is 1\ncompatible: argument \"b\" is new"},
		"reference followed": {`{"type":"string"}`, `{"$ref":"#/$defs/text"}`, ""},
		"reference narrowed": {`{"type":"string"}`, `{"$ref":"#/$defs/text","maxLength":1}`, `breaking: argument "a": its maxLength was not set and is 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := func(s string) sdk.Manifest {
				if !strings.HasPrefix(s, `"`) {
					s = `"a":` + s
				}
				return withInput(strings.Replace(object(s), "{", `{"$defs":{"text":{"type":"string"}},`, 1))
			}
			if diff := cmp.Diff(tc.want, strings.Join(diffed(whole(tc.old), whole(tc.now)), "\n")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDiffOfRequired(t *testing.T) {
	t.Parallel()
	required := func(names string) string {
		return `{"type":"object","properties":{"a":{},"b":{}},"required":[` + names + `]}`
	}
	added := `{"type":"object","properties":{"a":{},"b":{},"c":{}},"required":["c"]}`
	for name, tc := range map[string]struct{ old, now, input, output string }{
		"more": {required(``), required(`"a"`), `breaking: argument "a" is now required`, `compatible: result field "a" is now required`},
		"less": {required(`"a"`), required(``), `compatible: argument "a" is no longer required`, `breaking: result field "a" may now be absent`},
		"new":  {required(``), added, `breaking: argument "c" is new and required`, `compatible: result field "c" is new`},
		"gone": {added, required(``), `breaking: argument "c" is gone`, `breaking: result field "c" is gone`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{tc.input}, diffed(withInput(tc.old), withInput(tc.now))); diff != "" {
				t.Errorf("input (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff([]string{tc.output}, diffed(withOutput(tc.old), withOutput(tc.now))); diff != "" {
				t.Errorf("output (-want +got)\n%s", diff)
			}
		})
	}
}

func TestDiffOfOutputs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, now, want string }{
		"type widened":  {`{"type":"integer"}`, `{"type":"number"}`, `breaking: result field "a": its type was integer and is number`},
		"type narrowed": {`{"type":"number"}`, `{"type":"integer"}`, `compatible: result field "a": its type was number and is integer`},
		"enum widened":  {`{"enum":["x"]}`, `{"enum":["x","y"]}`, `compatible: result field "a" may also be "y"`},
		"minimum":       {`{"minimum":1}`, `{"minimum":2}`, `compatible: result field "a": its minimum was 1 and is 2`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{tc.want}, diffed(withOutput(object(`"a":`+tc.old)), withOutput(object(`"a":`+tc.now)))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDiffOfManifests(t *testing.T) {
	t.Parallel()
	shout := good(func(*sdk.ToolManifest) {})
	for name, tc := range map[string]struct {
		old, now sdk.Manifest
		want     []toolcheck.Change
	}{
		"the same": {shout, shout, nil},
		"removed":  {shout, sdk.Manifest{}, []toolcheck.Change{{Tool: "text_shout", Kind: toolcheck.Removed, Breaking: true, Message: "the tool is gone"}}},
		"added":    {sdk.Manifest{}, shout, []toolcheck.Change{{Tool: "text_shout", Kind: toolcheck.Added, Message: "the tool is new: Shout"}}},
		"renamed": {
			shout, good(func(t *sdk.ToolManifest) { t.Name, t.Aliases = "text_cry", []string{"text_shout"} }),
			[]toolcheck.Change{{Tool: "text_shout", Kind: toolcheck.Renamed, Message: "the tool is now called text_cry; the old name is still answered"}},
		},
		"alias dropped": {
			good(func(t *sdk.ToolManifest) { t.Aliases = []string{"cry"} }), shout,
			[]toolcheck.Change{{Tool: "text_shout", Kind: toolcheck.Changed, Breaking: true, Message: "calls of its old name cry are no longer answered"}},
		},
		"renamed back": {
			good(func(t *sdk.ToolManifest) { t.Aliases = []string{"cry"} }), good(func(t *sdk.ToolManifest) { t.Name, t.Aliases = "cry", []string{"text_shout"} }),
			[]toolcheck.Change{{Tool: "text_shout", Kind: toolcheck.Renamed, Message: "the tool is now called cry; the old name is still answered"}},
		},
		"hints": {
			good(func(t *sdk.ToolManifest) { t.Hints = sdk.Hints{ReadOnly: true, Idempotent: true, OpenWorld: true} }), shout,
			[]toolcheck.Change{
				{Tool: "text_shout", Kind: toolcheck.Changed, Breaking: true, Message: "it reads only: false instead of true"},
				{Tool: "text_shout", Kind: toolcheck.Changed, Breaking: true, Message: "it may be repeated: false instead of true"},
				{Tool: "text_shout", Kind: toolcheck.Changed, Message: "it reaches an open world: false instead of true"},
			},
		},
		"blocks": {
			shout, good(func(t *sdk.ToolManifest) { t.OutputSchema = nil }),
			[]toolcheck.Change{{Tool: "text_shout", Kind: toolcheck.Changed, Breaking: true, Message: "its result changes between content blocks and a structure"}},
		},
		"texts, timeout, task, list": {
			shout, good(func(t *sdk.ToolManifest) { t.Title, t.TimeoutSeconds, t.TaskRequired, t.Unlisted = "x", 5, true, true }),
			[]toolcheck.Change{
				{Tool: "text_shout", Kind: toolcheck.Changed, Message: "its title or description reads otherwise"},
				{Tool: "text_shout", Kind: toolcheck.Changed, Message: "a call may take 5 s instead of 0 s (0: the host's own)"},
				{Tool: "text_shout", Kind: toolcheck.Changed, Breaking: true, Message: "only clients that can wait for a task may call it now"},
				{Tool: "text_shout", Kind: toolcheck.Changed, Message: "it is in the list from the start: false"},
			},
		},
		"permissions": {
			sdk.Manifest{Permissions: sdk.Permissions{Hosts: []string{"a"}, Environment: []sdk.EnvVar{{Name: "K", Secret: true}}}},
			sdk.Manifest{Permissions: sdk.Permissions{
				Hosts: []string{"b"}, Environment: []sdk.EnvVar{{Name: "K"}, {Name: "L"}}, Folders: []string{"~"}, MemoryMiB: 9,
			}},
			[]toolcheck.Change{
				{Kind: toolcheck.Permission, Message: "it asks for the host b"}, {Kind: toolcheck.Permission, Message: "it asks for the variable L"},
				{Kind: toolcheck.Permission, Message: "it asks for the folder ~"},
				{Kind: toolcheck.Permission, Message: "it asks for 9 MiB of memory instead of 0 (0: the host's own)"},
				{Kind: toolcheck.Permission, Message: "the variable K is no longer marked as a secret, so it is not cut out of logs"},
			},
		},
		"prompts and resources": {
			sdk.Manifest{Prompts: []sdk.PromptManifest{{Name: "p", Arguments: []sdk.PromptArgument{{Name: "a"}, {Name: "b"}}}, {Name: "q"}}, Resources: []sdk.ResourceManifest{{Name: "r", URI: "r://"}}},
			sdk.Manifest{Prompts: []sdk.PromptManifest{{Name: "p", Arguments: []sdk.PromptArgument{{Name: "a", Required: true}, {Name: "c"}}}, {Name: "s", Title: "S"}}, Resources: []sdk.ResourceManifest{{Name: "r", URI: "s://"}}},
			[]toolcheck.Change{
				{Tool: "p", Kind: toolcheck.Changed, Breaking: true, Message: `the prompt's argument "b" is gone`},
				{Tool: "p", Kind: toolcheck.Changed, Breaking: true, Message: `the prompt's argument "a" is now required`},
				{Tool: "p", Kind: toolcheck.Changed, Message: `the prompt's argument "c" is new, and optional`},
				{Tool: "q", Kind: toolcheck.Removed, Breaking: true, Message: "the prompt is gone"},
				{Tool: "s", Kind: toolcheck.Added, Message: "the prompt is new: S"},
				{Tool: "r", Kind: toolcheck.Removed, Breaking: true, Message: "the resource r:// is gone"},
				{Tool: "r", Kind: toolcheck.Added, Message: "the resource s:// is new"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, toolcheck.Diff(tc.old, tc.now)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
