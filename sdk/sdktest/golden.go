package sdktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

// UpdateVariable set to 1 makes [Golden] write its files. It is no flag, for a test binary may have an -update of its own.
const UpdateVariable = "SDKTEST_UPDATE"

// Golden compares every tool's definition, as `<plugin> describe` prints it, with a file of the tool's name in the folder, so that
// no change of what clients see goes unnoticed. What differs is named, compatible or breaking.
func Golden(t testing.TB, p sdk.Plugin, dir string) {
	t.Helper()
	m, err := p.Manifest()
	if err != nil {
		t.Fatalf("the plugin is defined wrongly: %v", err)
	}
	goldens(t, m, dir)
}

// Golden is [Golden] of what a running plugin says of itself, which may be written in any language.
func (h *Host) Golden(dir string) {
	h.t.Helper()
	goldens(h.t, h.manifest, dir)
}

func goldens(t testing.TB, m sdk.Manifest, dir string) {
	t.Helper()
	tools := map[string]bool{}
	for _, tool := range m.Tools {
		name := tool.Name + ".json"
		tools[name] = true
		golden(t, tool, filepath.Join(dir, name))
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".json") && !tools[entry.Name()] {
			stray(t, filepath.Join(dir, entry.Name()))
		}
	}
}

func updating() bool { return os.Getenv(UpdateVariable) == "1" }

func golden(t testing.TB, tool sdk.ToolManifest, path string) {
	t.Helper()
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(tool); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path) // also before it is written, so that go test's cache knows of the file
	switch {
	case err == nil && bytes.Equal(lines(got), want.Bytes()):
	case updating():
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, want.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Errorf("%v; run %s=1 go test, and commit what it writes", err, UpdateVariable)
	default:
		t.Errorf("%s differs from the tool; look at what changed, then run %s=1 go test:\n%s", path, UpdateVariable, differences(got, tool))
	}
}

// lines undoes what a checkout on Windows does to a text.
func lines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// differences says what the change of a tool means for those who call it.
func differences(committed []byte, tool sdk.ToolManifest) string {
	var old sdk.ToolManifest
	if err := json.Unmarshal(committed, &old); err != nil {
		return err.Error()
	}
	var said strings.Builder
	for _, change := range toolcheck.Diff(sdk.Manifest{Tools: []sdk.ToolManifest{old}}, sdk.Manifest{Tools: []sdk.ToolManifest{tool}}) {
		said.WriteString(change.String() + "\n")
	}
	if said.Len() == 0 {
		return "nothing that matters to a client"
	}
	return said.String()
}

func stray(t testing.TB, path string) {
	t.Helper()
	if !updating() {
		t.Errorf("%s belongs to no tool; run %s=1 go test", path, UpdateVariable)
		return
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
}
