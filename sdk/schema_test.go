package sdk

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type place struct {
	Region string `json:"region,omitempty" jsonschema:"pattern=^[a-z0-9-]{1\\,20}$" jsonschema_description:"Where, for example cn-north-4."`
}

type sampleIn struct {
	place
	Name  string   `json:"name" jsonschema:"minLength=1,maxLength=8" jsonschema_description:"A name, with a comma."`
	Kind  string   `json:"kind,omitempty" jsonschema:"enum=a,enum=b,default=a" jsonschema_description:"The kind."`
	Wait  bool     `json:"wait,omitempty" jsonschema:"default=true" jsonschema_description:"Whether to wait."`
	Count int      `json:"count,omitempty" jsonschema:"minimum=1,maximum=9,default=3" jsonschema_description:"How many."`
	Items []string `json:"items,omitempty" jsonschema:"minItems=1,maxItems=3" jsonschema_description:"Some items."`
}

func TestSchemaOfStruct(t *testing.T) {
	t.Parallel()
	got, err := schemaOf(reflect.TypeFor[sampleIn]())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
		"required": ["name"],
		"properties": {
			"region": {"type": "string", "pattern": "^[a-z0-9-]{1,20}$", "description": "Where, for example cn-north-4."},
			"name": {"type": "string", "minLength": 1, "maxLength": 8, "description": "A name, with a comma."},
			"kind": {"type": "string", "enum": ["a", "b"], "default": "a", "description": "The kind."},
			"wait": {"type": "boolean", "default": true, "description": "Whether to wait."},
			"count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "How many."},
			"items": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3, "description": "Some items."}
		}
	}`
	if diff := cmp.Diff(tree(t, want), tree(t, string(got))); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func TestDefaultsFillAbsentArguments(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arguments string
		want      sampleIn
	}{
		"absent": {`{"name":"n"}`, sampleIn{Name: "n", Kind: "a", Wait: true, Count: 3}},
		"given":  {`{"name":"n","kind":"b","wait":false,"count":1}`, sampleIn{Name: "n", Kind: "b", Count: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defaults, err := defaultsOf(reflect.TypeFor[sampleIn]())
			if err != nil {
				t.Fatal(err)
			}
			var got sampleIn
			for _, part := range []string{string(defaults), tc.arguments} {
				if err := json.Unmarshal([]byte(part), &got); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(sampleIn{})); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

type recursive struct {
	Children []recursive `json:"children"`
}

// TestTrapsAreRefused lists what the reflector would turn into a wrong, dangling or endless schema.
func TestTrapsAreRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"not a struct": {checkType("input", reflect.TypeFor[[]string]()), "must be a struct"},
		"no type":      {checkType("input", nil), "must be a struct"},
		"recursive":    {checkType("input", reflect.TypeFor[recursive]()), "contains itself"},
		"recursive below": {checkType("input", reflect.TypeFor[struct {
			R map[string]*recursive `json:"r"`
		}]()), "contains itself"},
		"duration": {checkType("input", reflect.TypeFor[struct {
			D time.Duration `json:"d"`
		}]()), "nanoseconds"},
		"bytes": {checkType("input", reflect.TypeFor[struct {
			B []byte `json:"b"`
		}]()), "CreateFile"},
		"own JSON": {checkType("input", reflect.TypeFor[struct {
			N *time.Location `json:"n"`
			M textual        `json:"m"`
		}]()), "its own JSON"},
		"number keys": {checkType("input", reflect.TypeFor[struct {
			M map[int]string `json:"m"`
		}]()), "must be a string"},
		"function": {checkType("input", reflect.TypeFor[struct {
			F func() `json:"f"`
		}]()), "no JSON form"},
		"no name": {checkType("input", reflect.TypeFor[struct{ Name string }]()), "no json name"},
		"comma in a value": {checkType("input", reflect.TypeFor[struct {
			S string `json:"s" jsonschema:"description=first, then second"`
		}]()), "not a keyword"},
		"comma in a pattern": {checkType("input", reflect.TypeFor[struct {
			S string `json:"s" jsonschema:"pattern=^a{1,2}$"`
		}]()), "not a keyword"},
		"misspelt keyword": {checkType("input", reflect.TypeFor[struct {
			S string `json:"s" jsonschema:"minlength=1"`
		}]()), "not a keyword"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", tc.err, tc.want)
			}
		})
	}
}

type textual struct{}

func (textual) MarshalText() ([]byte, error) { return nil, nil }

func TestAnyValueHasAnObjectSchema(t *testing.T) {
	t.Parallel()
	got, err := schemaOf(reflect.TypeFor[struct {
		Any any             `json:"any"`
		Raw json.RawMessage `json:"raw"`
	}]())
	if err != nil {
		t.Fatal(err)
	}
	properties, _ := tree(t, string(got))["properties"].(map[string]any)
	for _, name := range []string{"any", "raw"} {
		if _, isObject := properties[name].(map[string]any); !isObject {
			t.Errorf("%s has the schema %v, which clients choke on", name, properties[name])
		}
	}
}

func TestResultsThatHoldArtifacts(t *testing.T) {
	t.Parallel()
	type deep struct {
		Found map[string][]*Artifact `json:"found"`
	}
	if !holdsArtifact(reflect.TypeFor[deep]()) || holdsArtifact(reflect.TypeFor[sampleIn]()) {
		t.Error("a result with artifacts is not told from one without")
	}
}

func TestEncodeHasNoNullLists(t *testing.T) {
	t.Parallel()
	type inner struct {
		List []string `json:"list"`
	}
	type embedded struct {
		Deep []string `json:"deep"`
	}
	type out struct {
		embedded
		Items []inner           `json:"items"`
		Inner map[string]inner  `json:"inner"`
		One   *inner            `json:"one"`
		None  *inner            `json:"none"`
		Map   map[string]string `json:"map"`
		Raw   json.RawMessage   `json:"raw"`
	}
	got, err := encode(out{Items: []inner{{}}, One: &inner{}, Inner: map[string]inner{"a": {}}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"deep":[],"items":[{"list":[]}],"inner":{"a":{"list":[]}},"one":{"list":[]},"none":null,"map":{},"raw":null}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func tree(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("reading %s: %v", text, err)
	}
	return out
}
