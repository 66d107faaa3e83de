package nodeplugin

import (
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/supervisor/trial"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// TestAuthorsKit runs the plugin through the kit that tests plugins in Go.
func TestAuthorsKit(t *testing.T) {
	t.Parallel()
	need(t)
	host := sdktest.Binary(t, filepath.Join(dir, "plugins", "node-plugin"), map[string]string{"CSV_SEPARATOR": ";"})
	r := host.Call(t.Context(), "table_write_csv", map[string]any{"name": "x", "columns": []string{"a", "b"}, "rows": [][]string{{"1", "2"}}})
	out := sdktest.Decode[struct {
		Artifacts []sdk.Artifact `json:"artifacts"`
		Rows      int            `json:"rows"`
	}](t, r)
	if out.Rows != 1 || len(out.Artifacts) != 1 {
		t.Errorf("%+v", out)
	}
	r = host.Call(t.Context(), "ticket_draw", map[string]any{"count": 3, "pause_ms": 1})
	if len(r.Progress) != 3 {
		t.Errorf("%+v", r)
	}
	values, err := host.Complete(t.Context(), sdktest.Tool, "text_statistics", sdk.Completion{Argument: "language", Value: "e"})
	if err != nil || strings.Join(values.Values, " ") != "en es de" {
		t.Errorf("%q %v", values.Values, err)
	}
	host.Inventory()
}

// TestTrial puts the plugin through what `mcp-server plugin test` does.
func TestTrial(t *testing.T) {
	t.Parallel()
	need(t)
	outcomes, err := trial.Run(t.Context(), trial.Options{
		Path: filepath.Join(dir, "plugins", "node-plugin"), Tool: "text_statistics", Arguments: []byte(`{"text":"one two"}`), Launcher: launcher(),
	}, func(trial.Outcome) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.State == trial.Failed {
			t.Errorf("%s: %s", o.Name, o.Reason)
		}
	}
}
