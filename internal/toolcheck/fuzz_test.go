package toolcheck_test

import (
	"fmt"
	"strings"
	"testing"

	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

// endless is a schema whose references go round, twice on every level.
const endless = `{"type":"object","$defs":{"a":{"properties":{"l":{"$ref":"#/$defs/a"},"r":{"$ref":"#/$defs/a"}}%s}},"$ref":"#/$defs/a"}`

func TestReferencesInACircle(t *testing.T) {
	t.Parallel()
	old, now := withInput(fmt.Sprintf(endless, "")), withInput(fmt.Sprintf(endless, `,"minProperties":1`))
	toolcheck.Lint(old)
	changes := toolcheck.Diff(old, now)
	if last := changes[len(changes)-1]; !last.Breaking || len(changes) > 10 {
		t.Errorf("%d changes, the last %v", len(changes), last)
	}
	loop := withInput(`{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}`)
	if changes := toolcheck.Diff(loop, withInput(closedObject)); len(changes) == 0 {
		t.Error("no change")
	}
}

// BenchmarkDiffAtWorst compares schemas that are made to be slow: a large one in a circle, and many references to a large one.
func BenchmarkDiffAtWorst(b *testing.B) {
	all := `,"allOf":[` + strings.TrimSuffix(strings.Repeat(`{"type":"object"},`, 3500), ",") + `]`
	var refer, define []string
	for n := range 2500 {
		refer = append(refer, fmt.Sprintf(`"p%d":{"$ref":"#/$defs/a"}`, n))
		define = append(define, fmt.Sprintf(`"p%d":{"maxLength":1}`, n))
	}
	referring := `{"type":"object","$defs":{"a":` + object(strings.Join(define, ",")) + `},"properties":{` + strings.Join(refer, ",") + `}}`
	for name, pair := range map[string][2]string{
		"circle":     {fmt.Sprintf(endless, all), fmt.Sprintf(endless, all+`,"title":"x"`)},
		"references": {referring, object(strings.Join(define, ","))},
	} {
		b.Run(name, func(b *testing.B) {
			old, now := withInput(pair[0]), withInput(pair[1])
			for b.Loop() {
				toolcheck.Diff(old, now)
			}
		})
	}
}

func FuzzSchemas(f *testing.F) {
	for _, seed := range []string{
		closedObject, `null`, `{`, fmt.Sprintf(endless, ""), fmt.Sprintf(endless, `,"maximum":1`), object(`"a":{"type":["string",1],"enum":[{}],"required":[1]}`),
		`{"$ref":"#/x/~1","x":{"/":true},"required":["a"],"properties":[]}`, strings.Repeat(`{"items":`, 100) + `1` + strings.Repeat(`}`, 100),
		`{"type":{},"minimum":"x","allOf":{"a":[]},"$defs":[],"additionalProperties":{"not":false}}`,
	} {
		f.Add([]byte(seed), []byte(closedObject))
		f.Add([]byte(closedObject), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, one, other []byte) {
		old := sdk.Manifest{Tools: []sdk.ToolManifest{{Name: "a", InputSchema: one, OutputSchema: other}}}
		now := sdk.Manifest{Tools: []sdk.ToolManifest{{Name: "a", InputSchema: other, OutputSchema: one}}}
		toolcheck.Lint(old)
		toolcheck.Size(old)
		toolcheck.Diff(old, now)
		if changes := toolcheck.Diff(old, old); len(changes) > 0 {
			t.Errorf("a plugin differs from itself: %v", changes)
		}
	})
}
