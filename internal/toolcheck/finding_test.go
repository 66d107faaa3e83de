package toolcheck_test

import (
	"fmt"
	"strings"
	"testing"

	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

const closedObject = `{"type":"object","additionalProperties":false,"properties":{}}`

// good is a tool without a fault, changed by the case.
func good(change func(*sdk.ToolManifest)) sdk.Manifest {
	t := sdk.ToolManifest{
		Name: "text_shout", Title: "Shout", Description: "Turns a text into capitals; use it when something must be heard.",
		InputSchema: []byte(closedObject), OutputSchema: []byte(closedObject),
	}
	change(&t)
	return sdk.Manifest{Name: "text", Tools: []sdk.ToolManifest{t}}
}

func withInput(schema string) sdk.Manifest {
	return good(func(t *sdk.ToolManifest) { t.InputSchema = []byte(schema) })
}

func withOutput(schema string) sdk.Manifest {
	return good(func(t *sdk.ToolManifest) { t.OutputSchema = []byte(schema) })
}

// object is a closed object with the properties.
func object(properties string) string {
	return `{"type":"object","additionalProperties":false,"properties":{` + properties + `}}`
}

func TestLint(t *testing.T) {
	t.Parallel()
	two := good(func(*sdk.ToolManifest) {})
	two.Tools = append(two.Tools, two.Tools[0])
	for name, tc := range map[string]struct {
		manifest sdk.Manifest
		want     string // "severity rule; ..."
	}{
		"good":               {good(func(*sdk.ToolManifest) {}), ""},
		"blocks":             {good(func(t *sdk.ToolManifest) { t.OutputSchema = nil }), ""},
		"nested and good":    {withInput(object(`"a":{"type":"array","description":"A.","items":` + object(`"b":{"type":"string","description":"B."}`) + `}`)), ""},
		"local reference":    {withInput(`{"type":"object","additionalProperties":false,"$defs":{"x":` + closedObject + `},"properties":{"a":{"$ref":"#/$defs/x"}}}`), ""},
		"name too long":      {good(func(t *sdk.ToolManifest) { t.Name = strings.Repeat("a", 61) }), "error name"},
		"name with a digit":  {good(func(t *sdk.ToolManifest) { t.Name = "1a" }), "error name"},
		"twice":              {two, "error clash"},
		"alias of itself":    {good(func(t *sdk.ToolManifest) { t.Aliases = []string{"text_shout"} }), "error clash"},
		"alias twice":        {good(func(t *sdk.ToolManifest) { t.Aliases = []string{"a", "a"} }), "error clash"},
		"alias with a space": {good(func(t *sdk.ToolManifest) { t.Aliases = []string{"a b"} }), "error name"},
		"no title":           {good(func(t *sdk.ToolManifest) { t.Title = " " }), "warning title"},
		"no description":     {good(func(t *sdk.ToolManifest) { t.Description = "" }), "error description"},
		"short":              {good(func(t *sdk.ToolManifest) { t.Description = "Shouts." }), "warning description"},
		"no full stop":       {good(func(t *sdk.ToolManifest) { t.Description = strings.TrimSuffix(t.Description, ".") }), "warning description"},
		"data icon":          {good(func(t *sdk.ToolManifest) { t.Icons = []sdk.Icon{{Src: "data:image/png;base64,AA"}} }), "error icon"},
		"no JSON":            {withInput(`{`), "error schema"},
		"null":               {withInput(`null`), "error schema"},
		"a list":             {withInput(`[]`), "error schema"},
		"no root type":       {withInput(`{}`), "error schema"},
		"open":               {withInput(`{"type":"object"}`), "error closed"},
		"open by true":       {withInput(`{"type":"object","additionalProperties":true}`), "error closed"},
		"open by {}":         {withInput(`{"type":"object","additionalProperties":{}}`), "error closed"},
		"closed otherwise":   {withInput(`{"type":"object","unevaluatedProperties":false}`), ""},
		"map":                {withInput(object(`"a":{"type":"object","description":"A.","additionalProperties":{"type":"string"}}`)), "warning closed"},
		"open output":        {withOutput(`{"type":"object"}`), "warning closed"},
		"map output":         {withOutput(`{"type":"object","additionalProperties":{"type":"string"}}`), ""},
		"outer reference":    {withInput(object(`"a":{"$ref":"https://example.com/x"}`)), "error reference"},
		"a file":             {withOutput(object(`"a":{"$ref":"file:///etc/passwd"}`)), "error reference"},
		"type array":         {withInput(object(`"a":{"type":["string","null"],"description":"A."}`)), "error type-array"},
		"type array out":     {withOutput(object(`"a":{"type":["string","null"],"description":"A."}`)), "warning type-array"},
		"true":               {withInput(object(`"a":true`)), "error boolean-schema"},
		"undescribed":        {withInput(object(`"a":{"type":"string"}`)), "warning property"},
		"undescribed output": {withOutput(object(`"a":{"type":"string"}`)), "warning property"},
		"undescribed below":  {withOutput(object(`"a":` + strings.Replace(object(`"b":{}`), "{", `{"description":"A.",`, 1))), ""},
		"condition":          {withInput(`{"type":"object","additionalProperties":false,"if":{"properties":{"a":{"const":1}}},"not":{"properties":{"a":true}}}`), ""},
		"strange name":       {withInput(object(`"a b":{"type":"string","description":"A."}`)), "error property"},
		"combination":        {withInput(strings.Replace(closedObject, "{", `{"anyOf":[{"required":["a"]}],`, 1)), "error combination"},
		"combination below":  {withInput(object(`"a":{"description":"A.","anyOf":[{"type":"string"},{"type":"object"}]}`)), "error closed"},
		"in a definition":    {withInput(`{"type":"object","additionalProperties":false,"$defs":{"x":{"type":"object"}}}`), "error closed"},
		"too deep":           {withInput(object(`"a":` + strings.Repeat(`{"description":"A.","items":`, 40) + `{}` + strings.Repeat(`}`, 40))), "error schema"},
		"prompt": {sdk.Manifest{Prompts: []sdk.PromptManifest{{Name: "é", Title: "T", Description: "short", Arguments: []sdk.PromptArgument{{Name: "a"}}}}},
			"error name; warning description; warning property"},
		"resource": {sdk.Manifest{Resources: []sdk.ResourceManifest{{Name: "r", Icons: []sdk.Icon{{Src: "http://x"}}}}}, "error icon"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range toolcheck.Lint(tc.manifest) {
				got = append(got, fmt.Sprintf("%s %s", f.Severity, f.Rule))
			}
			if text := strings.Join(got, "; "); text != tc.want {
				t.Errorf("got %q, want %q\n%v", text, tc.want, toolcheck.Lint(tc.manifest))
			}
		})
	}
}

// TestWhere wants a finding to say where in the schema it is.
func TestWhere(t *testing.T) {
	t.Parallel()
	found := toolcheck.Lint(withInput(object(`"filter":{"type":"array","description":"A.","items":{"type":"object"}}`)))
	const want = `error: text_shout: input.filter.items takes unknown properties; give it "additionalProperties": false (closed)`
	if len(found) != 1 || found[0].String() != want {
		t.Errorf("got %v, want %s", found, want)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	var properties []string
	for n := range 5000 {
		properties = append(properties, fmt.Sprintf(`"p%d":{"type":"object"}`, n))
	}
	if n := len(toolcheck.Lint(withInput(object(strings.Join(properties, ","))))); n != 200 {
		t.Errorf("%d findings", n)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	m := good(func(t *sdk.ToolManifest) { t.InputSchema = []byte("{\n  \"type\": \"object\"\n}") })
	m.Tools = append(m.Tools, m.Tools[0])
	const want = `{"name":"text_shout","title":"Shout","description":"Turns a text into capitals; use it when something must be heard.",` +
		`"inputSchema":{"type":"object"},"outputSchema":` + closedObject +
		`,"annotations":{"readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":false}}`
	one, tokens := toolcheck.SizeOf(m.Tools[0])
	if one != len(want) || tokens != (one+3)/4 {
		t.Errorf("got %d and %d, want %d", one, tokens, len(want))
	}
	if both, _ := toolcheck.Size(m); both != 2*one {
		t.Errorf("two tools have %d bytes, one %d", both, one)
	}
}
