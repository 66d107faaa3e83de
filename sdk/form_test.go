package sdk

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFormIsFlat(t *testing.T) {
	t.Parallel()
	type form struct {
		Name  string    `json:"name" jsonschema:"minLength=1,title=Name" jsonschema_description:"Who."`
		Mail  string    `json:"mail,omitempty" jsonschema:"format=email"`
		Age   int       `json:"age,omitempty" jsonschema:"default=30,minimum=0"`
		Score float64   `json:"score,omitempty"`
		Sure  bool      `json:"sure,omitempty" jsonschema:"default=true"`
		Kind  string    `json:"kind,omitempty" jsonschema:"enum=a,enum=b"`
		Tags  []string  `json:"tags,omitempty" jsonschema:"enum=x,enum=y,minItems=1"`
		When  time.Time `json:"when,omitzero"`
	}
	q := Form[form]("Who is it?")
	encoded, err := json.Marshal(q.params)
	if err != nil {
		t.Fatal(err)
	}
	want := tree(t, `{"message": "Who is it?", "requestedSchema": {"type": "object", "required": ["name"], "properties": {
		"name": {"type": "string", "minLength": 1, "title": "Name", "description": "Who."},
		"mail": {"type": "string", "format": "email"},
		"age": {"type": "integer", "default": 30, "minimum": 0},
		"score": {"type": "number"},
		"sure": {"type": "boolean", "default": true},
		"kind": {"type": "string", "enum": ["a", "b"]},
		"tags": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": ["x", "y"]}},
		"when": {"type": "string", "format": "date-time"}
	}}}`)
	if diff := cmp.Diff(want, tree(t, string(encoded))); diff != "" || q.method != "elicitation/create" {
		t.Errorf("method %s\n%s", q.method, diff)
	}
}

func TestWhatIsNoForm(t *testing.T) {
	t.Parallel()
	type inner struct {
		A string `json:"a"`
	}
	for name, tc := range map[string]struct {
		of   reflect.Type
		want string
	}{
		"no struct": {reflect.TypeFor[string](), "must be a struct"},
		"no name":   {reflect.TypeFor[struct{ A string }](), "has no json name"},
		"nested": {reflect.TypeFor[struct {
			In inner `json:"in"`
		}](), "in is no string"},
		"map": {reflect.TypeFor[struct {
			M map[string]string `json:"m"`
		}](), "m is no string"},
		"anything": {reflect.TypeFor[struct {
			A any `json:"a"`
		}](), "a is no string"},
		"open list": {reflect.TypeFor[struct {
			L []string `json:"l"`
		}](), "l is a list"},
		"list of numbers": {reflect.TypeFor[struct {
			L []int `json:"l"`
		}](), "l is a list"},
		"pattern": {reflect.TypeFor[struct {
			P string `json:"p" jsonschema:"pattern=^a$"`
		}](), "p has a pattern"},
		"format": {reflect.TypeFor[struct {
			P string `json:"p" jsonschema:"format=uuid"`
		}](), "a format other than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := formOf(tc.of)
			wantError(t, err, tc.want)
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("Form took a type that is no form")
		}
	}()
	Form[map[string]string]("?")
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	type values struct {
		Name string `json:"name"`
		Age  int    `json:"age"`
	}
	for raw, want := range map[string]struct {
		accepted bool
		values   values
		problem  string
		text     string
	}{
		`{"action":"accept","content":{"name":"Alice"}}`: {accepted: true, values: values{"Alice", 7}},
		`{"action":"accept","content":{"name":1}}`:       {accepted: true, values: values{Age: 7}, problem: "reading an answer"},
		`{"action":"accept"}`:                            {accepted: true, values: values{Age: 7}, problem: "no values"},
		`{"action":"decline"}`:                           {values: values{Age: 7}, problem: "no values"},
		`{"action":"cancel"}`:                            {values: values{Age: 7}, problem: "no values"},
		`17`:                                             {values: values{Age: 7}, problem: "reading an answer"},
		`{"role":"assistant","content":{"type":"text","text":"Paris"}}`:                        {values: values{Age: 7}, text: "Paris"},
		`{"content":[{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}]}`: {values: values{Age: 7}, problem: "reading an answer", text: "a\nb"},
	} {
		a := Answer{raw: json.RawMessage(raw)}
		got := values{Age: 7}
		wantError(t, a.Decode(&got), want.problem)
		if want.problem == "" && got != want.values || a.Accepted() != want.accepted || a.Text() != want.text || string(a.JSON()) != raw {
			t.Errorf("%s: accepted %v, values %+v, text %q", raw, a.Accepted(), got, a.Text())
		}
	}
}

func TestQuestionsOnTheWire(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		q            Question
		method, want string
		problem      string
	}{
		"elicit":       {q: Elicit("m", json.RawMessage(`{"type":"object"}`)), method: "elicitation/create", want: `{"message":"m","requestedSchema":{"type":"object"}}`},
		"sample":       {q: Sample(json.RawMessage(`{"maxTokens":1}`)), method: "sampling/createMessage", want: `{"maxTokens":1}`},
		"roots":        {q: Roots(), method: "roots/list", want: `{}`},
		"zero":         {problem: "not made by"},
		"no JSON":      {q: Elicit("m", json.RawMessage(`{`)), problem: "unexpected end"},
		"no object":    {q: Sample(json.RawMessage(`[]`)), problem: "must be a JSON object"},
		"no parameter": {q: Sample(nil), problem: "must be a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.q.wire("k")
			wantError(t, err, tc.problem)
			if got.GetMethod() != tc.method || string(got.GetParams()) != tc.want {
				t.Errorf("got %s %s", got.GetMethod(), got.GetParams())
			}
		})
	}
}
