package host

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite own.json, the description of the host's own tools")

// TestOwnTools writes, with -update, and otherwise checks what is generated, and examines it as a plugin's.
func TestOwnTools(t *testing.T) {
	t.Parallel()
	plugin := (&Host{}).ownPlugin()
	manifest, err := plugin.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("own.json", want, 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(ownDescription)); diff != "" {
		t.Errorf("own.json is stale, run make generate (-want +got):\n%s", diff)
	}
	if o := examine(ownName, ownTools{}, manifest); len(o.problems) > 0 || len(o.tools) != len(plugin.Tools) {
		t.Errorf("examined: %d tools, %+v", len(o.tools), o.problems)
	}
}
