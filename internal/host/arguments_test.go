package host

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

const sampleSchema = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
	"required": ["id"],
	"properties": {
		"id": {"type": "string", "pattern": "^[a-z0-9]{4}in17$", "description": "The HTAP instance."},
		"limit": {"type": "integer", "minimum": 1},
		"big": {"type": "integer"},
		"ratio": {"type": "number"},
		"wait": {"type": "boolean"},
		"kind": {"type": "string", "enum": ["a", "b"]},
		"jobs": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
		"sizes": {"type": "array", "items": {"type": "integer"}},
		"filter": {"type": "object", "additionalProperties": false, "properties": {"depth": {"type": "integer"}}}
	}
}`

func sample(t testing.TB) *schema {
	t.Helper()
	s, err := compile(json.RawMessage(sampleSchema))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestArgumentsThatAreRightPassUntouched(t *testing.T) {
	t.Parallel()
	const arguments = `{ "id":"abcdin17",  "big": 9007199254740993, "jobs":["x"] }`
	got, err := sample(t).check(json.RawMessage(arguments))
	if err != nil || string(got) != arguments {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMeaningInTheWrongTypeIsMended(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ given, want string }{
		"number in a string":   {`{"id":"abcdin17","limit":"42"}`, `{"id":"abcdin17","limit":42}`},
		"decimal in a string":  {`{"id":"abcdin17","limit":"42.0"}`, `{"id":"abcdin17","limit":42}`},
		"exponent in a string": {`{"id":"abcdin17","limit":"1e3"}`, `{"id":"abcdin17","limit":1000}`},
		"decimal point":        {`{"id":"abcdin17","limit":42.0}`, `{"id":"abcdin17","limit":42}`},
		"fraction":             {`{"id":"abcdin17","ratio":" 0.5 "}`, `{"id":"abcdin17","ratio":0.5}`},
		"boolean in a string":  {`{"id":"abcdin17","wait":"false"}`, `{"id":"abcdin17","wait":false}`},
		"one for a list":       {`{"id":"abcdin17","jobs":"x"}`, `{"id":"abcdin17","jobs":["x"]}`},
		"number for a list":    {`{"id":"abcdin17","sizes":7}`, `{"id":"abcdin17","sizes":[7]}`},
		"list in a string":     {`{"id":"abcdin17","jobs":"[\"x\",\"y\"]"}`, `{"id":"abcdin17","jobs":["x","y"]}`},
		"types inside a list":  {`{"id":"abcdin17","jobs":[1,true],"sizes":["2"]}`, `{"id":"abcdin17","jobs":["1","true"],"sizes":[2]}`},
		"object in a string":   {`{"id":"abcdin17","filter":"{\"depth\":\"2\"}"}`, `{"filter":{"depth":2},"id":"abcdin17"}`},
		"null for absent":      {`{"id":"abcdin17","limit":null}`, `{"id":"abcdin17"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sample(t).check(json.RawMessage(tc.given))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestProblemsAreNamedTogether(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ given, want string }{
		"missing": {`{}`, `argument "id" is missing: The HTAP instance.`},
		"nothing": {``, `argument "id" is missing: The HTAP instance.`},
		"null":    {`null`, `argument "id" is missing: The HTAP instance.`},
		"unknown": {`{"id":"abcdin17","lmit":3}`,
			`argument "lmit" is not known; known are big, filter, id, jobs, kind, limit, ratio, sizes, wait`},
		"unknown below": {`{"id":"abcdin17","filter":{"deep":3}}`, `argument "filter/deep" is not known; known are depth`},
		"several": {`{"limit":0,"kind":"c","jobs":["1","2","3","4"]}`, strings.Join([]string{
			"4 problems with the arguments:",
			`- argument "id" is missing: The HTAP instance.`,
			`- argument "jobs" is wrong: maxItems: got 4, want 3`,
			`- argument "kind" must be one of "a", "b", not "c"`,
			`- argument "limit" is wrong: minimum: got 0, want 1`,
		}, "\n")},
		"pattern": {`{"id":"abcdin07"}`,
			`argument "id" has the value "abcdin07", which does not match ^[a-z0-9]{4}in17$: The HTAP instance.`},
		"type":     {`{"id":"abcdin17","limit":"many"}`, `argument "limit" must be integer, not string`},
		"list":     {`[1]`, "the arguments must be a JSON object of named values, not array"},
		"not JSON": {`{"id":`, "the arguments are not JSON: unexpected EOF"},
		"two":      {`{} {}`, "the arguments are not JSON: there is more after the first value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sample(t).check(json.RawMessage(tc.given))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if e := sdk.AsError(err); e.Code != sdk.CodeInvalidArgument || e.Source != sdk.SourceArgument {
				t.Errorf("code %s, source %s", e.Code, e.Source)
			}
		})
	}
}

func TestHugeArgumentsGetShortAnswers(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]string{
		"a long value":       `{"id":"` + strings.Repeat("x", 3<<20) + `"}`,
		"too long":           `{"id":"` + strings.Repeat("x", 10<<20) + `"}`,
		"a long name":        `{"id":"abcdin17","` + strings.Repeat("n", 3<<20) + `":1}`,
		"many unknown names": `{"id":"abcdin17"` + strings.Repeat(`,"`+strings.Repeat("n", 90)+`":1`, 1) + manyNames(5000) + `}`,
	} {
		_, err := sample(t).check(json.RawMessage(arguments))
		if err == nil || len(err.Error()) > 4000 {
			t.Errorf("%s: the message has %d bytes", name, len(err.Error()))
		}
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		encoded, _ := json.Marshal(strings.Repeat("k", i%50) + string(rune('a'+i%26)) + string(rune(0x4e00+i)))
		b.WriteString("," + string(encoded) + ":1")
	}
	return b.String()
}

func TestSchemasThatAreQuarantined(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ schema, want string }{
		"not JSON":       {`{"type":`, "not JSON"},
		"not an object":  {`true`, "not a JSON object"},
		"no type":        {`{}`, `"type": "object"`},
		"a list":         {`{"type":"array"}`, `"type": "object"`},
		"a file":         {`{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}`, "outside itself"},
		"a URL":          {`{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1:1/s"}}}`, "outside itself"},
		"a dangling ref": {`{"type":"object","properties":{"a":{"$ref":"#/$defs/none"}}}`, "compiling"},
		"a bad pattern":  {`{"type":"object","properties":{"a":{"pattern":"("}}}`, "compiling"},
		"a bad keyword":  {`{"type":"object","required":"a"}`, "compiling"},
		"huge":           {`{"type":"object","title":"` + strings.Repeat("x", maxSchemaBytes) + `"}`, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := compile(json.RawMessage(tc.schema)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func FuzzArguments(f *testing.F) {
	s := sample(f)
	for _, seed := range []string{`{}`, `{"id":"abcdin17","limit":"42.0"}`, `{"jobs":[[1]],"filter":{"depth":{}}}`, `{"big":1e999999999}`, `"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, arguments []byte) {
		checked, err := s.check(arguments)
		if err != nil {
			if len(err.Error()) > 4000 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
			return
		}
		if again, err := s.check(checked); err != nil || string(again) != string(checked) {
			t.Errorf("%s was accepted as %s, which is not stable: %s, %v", arguments, checked, again, err)
		}
	})
}
