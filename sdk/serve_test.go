package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

type noArgs struct{}

type noResult struct {
	OK bool `json:"ok"`
}

func doNothing(context.Context, *Call, noArgs) (noResult, error) { return noResult{OK: true}, nil }

func samplePlugin() Plugin {
	return Plugin{
		Name: "sample", Version: "1.0.0", Description: "A plugin of a test.",
		Tools: []Tool{NewTool(ToolSpec{
			Name: "sample_nothing", Title: "Nothing", Description: "Does nothing at all, and says so when it is done.",
			Hints: Hints{ReadOnly: true, Idempotent: true},
		}, doNothing)},
	}
}

func TestDescribePrintsTheManifest(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(samplePlugin(), []string{"describe"}, os.Getenv, nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr.String())
	}
	var m Manifest
	if err := json.Unmarshal(stdout.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != "sample" || len(m.Tools) != 1 || m.Tools[0].Hints != (Hints{ReadOnly: true, Idempotent: true}) {
		t.Errorf("manifest %+v", m)
	}
	for _, schema := range []json.RawMessage{m.Tools[0].InputSchema, m.Tools[0].OutputSchema} {
		if got := tree(t, string(schema)); got["type"] != "object" || got["additionalProperties"] != false {
			t.Errorf("schema %s is not a closed object", schema)
		}
	}
}

func TestStartedByHand(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := run(samplePlugin(), nil, func(string) string { return "" }, nil, &stdout, &stderr)
	if code != 2 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "sample describe") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	t.Parallel()
	good := samplePlugin().Tools[0]
	p := Plugin{
		Name: "Bad Name",
		Tools: []Tool{
			good, good, {},
			NewTool(ToolSpec{Name: "UpperCase", Description: "short"}, doNothing),
			NewTool(ToolSpec{Name: strings.Repeat("a", 61), Title: "t", Description: strings.Repeat("x", 50)}, doNothing),
		},
		Permissions: Permissions{Environment: []EnvVar{{Name: "NOT A NAME"}}},
	}
	err := p.Validate()
	for _, want := range []string{
		`plugin name "Bad Name"`, "version is empty", `"sample_nothing" is defined twice`, "not made by NewTool", "snake case",
		"title is empty", "5 characters", "full stop", `environment name "NOT A NAME"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no mention of %q in: %v", want, err)
		}
	}
	var stderr bytes.Buffer
	if code := run(p, []string{"describe"}, os.Getenv, nil, nil, &stderr); code != 1 || !strings.Contains(stderr.String(), "defined wrongly") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}

func TestAsErrorKeepsMeaning(t *testing.T) {
	t.Parallel()
	known := &Error{Code: CodeNotFound, Source: SourceCloud, Message: "gone"}
	for _, tc := range []struct {
		err    error
		code   Code
		source Source
	}{
		{known, CodeNotFound, SourceCloud},
		{context.Canceled, CodeCanceled, SourceHost},
		{context.DeadlineExceeded, CodeDeadlineExceeded, SourceHost},
		{os.ErrNotExist, CodeUnknown, SourcePlugin},
	} {
		if got := AsError(tc.err); got.Code != tc.code || got.Source != tc.source || got.Message == "" {
			t.Errorf("%v became %+v", tc.err, got)
		}
	}
}
