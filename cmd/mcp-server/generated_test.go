package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"mcp-server/internal/host"
	"mcp-server/internal/scaffold"
	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

// TestGenerated writes, with -update, and otherwise checks what is generated from the real plugins' descriptions.
func TestGenerated(t *testing.T) {
	t.Parallel()
	h, err := host.Start(t.Context(), host.Config{PluginsDir: pluginsDir(), DataDir: t.TempDir(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	for _, p := range h.Problems() {
		t.Errorf("left out: %+v", p)
	}
	want := map[string][]byte{"schemas/plugin-manifest.json": manifestSchema(t)}
	var list []any
	for _, tool := range h.Tools() {
		want["schemas/tools/"+tool.Name+".json"] = indented(t, tool.Definition())
		list = append(list, tool.Definition())
		shown, err := json.Marshal(tool.Definition())
		if counted, _ := toolcheck.SizeOf(tool.ToolManifest); err != nil || counted != len(shown) {
			t.Errorf("%s has %d bytes in the list, %d by toolcheck: %v", tool.Name, len(shown), counted, err)
		}
	}
	for _, prompt := range h.Prompts() {
		want["schemas/prompts/"+prompt.Name+".json"] = indented(t, prompt.Definition())
	}
	compact, err := json.Marshal(map[string]any{"tools": list})
	if err != nil {
		t.Fatal(err)
	}
	want["schemas/tools-list.bytes"] = fmt.Appendf(nil, "%d\n", len(compact))
	want["docs/tools.md"] = []byte(toolsPage(h.Tools()) + promptsPage(h.Prompts()))
	example := examplePlugin(t)
	maps.Copy(want, example)
	readme := withBlock(t, readFile(t, "README.md"), "tools", toolsTable(h.Tools()))
	readme = withBlock(t, readme, "prompts", promptsTable(h.Prompts()))
	want["README.md"] = withBlock(t, readme, "plugin", "```go\n"+string(example["docs/example-plugin/main.go"])+"```\n")
	for name, content := range want {
		golden(t, name, content)
	}
	noStrays(t, "schemas/tools", want)
	noStrays(t, "schemas/prompts", want)
	noStrays(t, "docs/example-plugin", want)
}

// examplePlugin is what a new plugin begins as, without the parts that make it a module of its own.
func examplePlugin(t *testing.T) map[string][]byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "text-shout")
	if err := scaffold.New(dir, "text-shout", scaffold.Options{ServerSource: root, Plugins: "/plugins"}); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range []string{"main.go", "main_test.go", "testdata/tools/text_shout.json"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files["docs/example-plugin/"+name] = content
	}
	return files
}

func golden(t *testing.T, name string, want []byte) {
	t.Helper()
	path := filepath.Join(root, name)
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, want, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v; run make generate", err)
		return
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("%s is stale; run make generate and look at what changed (-committed +generated):\n%s", name, diff)
	}
}

// noStrays wants no golden file of a tool that is gone.
func noStrays(t *testing.T, folder string, want map[string][]byte) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if _, known := want[name]; known {
			return nil
		}
		if *update {
			return os.Remove(filepath.Join(root, name))
		}
		t.Errorf("%s belongs to no tool; run make generate", name)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func manifestSchema(t *testing.T) []byte {
	t.Helper()
	reflector := jsonschema.Reflector{ExpandedStruct: true, Anonymous: true, DoNotReference: true}
	s := reflector.Reflect(sdk.Manifest{})
	s.Title = "What `<plugin> describe` prints and a plugin answers to Describe"
	return indented(t, s)
}

func indented(t *testing.T, value any) []byte {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// withBlock returns a text with what stands between two marks replaced.
func withBlock(t *testing.T, content []byte, block, text string) []byte {
	t.Helper()
	begin, end := "<!-- generated: "+block+" -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(content), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("there is no block %q", block)
	}
	return []byte(before + begin + text + end + after)
}
