package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/artifact"
	"mcp-server/sdk"
)

// storeFiles puts files into a data folder, as calls of earlier servers would have.
func storeFiles(t *testing.T, data string, n int) {
	t.Helper()
	store, err := artifact.Open(artifact.Config{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	dir, release, err := store.Stage("p", "call")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for i := range n {
		content := fmt.Appendf(nil, "file %d", i)
		if err := os.WriteFile(filepath.Join(dir, "f"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if _, err := store.Adopt(artifact.Candidate{
			StagingDir: dir, Path: "f", Name: fmt.Sprintf("%03d.txt", i), MediaType: "text/plain", Size: int64(len(content)), SHA256: sum[:],
			Source: sdk.Origin{Operation: "Test"},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLongListsHavePages lists 450 tools and prompts and 250 files: each once.
func TestLongListsHavePages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		data := t.TempDir()
		storeFiles(t, data, 250)
		w := startBench(t, benchOptions{http: overHTTP, data: data, plugins: []string{"many-a", "many-b", "many-c"}}).connect(t, modern, nil)
		for what, want := range map[string]struct {
			most, mine int
			is         func(string) bool
		}{
			"tools":     {200, 450, func(name string) bool { return len(name) == len("a_000") }},
			"prompts":   {200, 450, func(name string) bool { return len(name) == len("a_000") }},
			"resources": {100, 250, func(uri string) bool { return strings.HasPrefix(uri, "artifact://") }},
		} {
			first, _ := dig(w.call(t, what+"/list", nil), "result", what).([]any)
			if len(first) != want.most {
				t.Errorf("the first page of %s has %d", what, len(first))
			}
			mine := 0
			for name, times := range w.names(t, what) {
				if times != 1 {
					t.Errorf("%s comes %d times", name, times)
				}
				if want.is(name) {
					mine++
				}
			}
			if mine != want.mine {
				t.Errorf("%d %s, want %d", mine, what, want.mine)
			}
			if r := w.call(t, what+"/list", dict{"cursor": "not one of ours"}); dig(r, "error", "code") != -32602.0 {
				t.Errorf("a wrong cursor of %s: %.300v", what, r)
			}
		}
		if r := w.callTool(t, "c_149", nil); r["error"] != nil {
			t.Error(r)
		}
	})
}

// TestLargeResultsAreLinked has results of either kind over the limit, and below it.
func TestLargeResultsAreLinked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		const large = 300_000
		w := startBench(t, benchOptions{http: overHTTP, plugins: []string{"fixture"}}).connect(t, modern, nil)
		for tool, isError := range map[string]bool{"fixture_big": true, "fixture_big_text": false} {
			if r := w.callTool(t, tool, dict{"n": 200_000}); len(says(dig(r, "result"))) < 200_000 {
				t.Errorf("%s: a small result was not sent: %.300v", tool, r)
			}
			result := dig(w.callTool(t, tool, dict{"n": large}), "result")
			if text := says(result); len(text) > 1000 || !strings.Contains(text, "artifact_read") || (dig(result, "isError") == true) != isError {
				t.Errorf("%s: %.300v", tool, result)
			}
			if dig(result, "_meta", "mcp-server/provenance", "plugin") != "fixture" {
				t.Errorf("%s: %v", tool, dig(result, "_meta"))
			}
			blocks, _ := dig(result, "content").([]any)
			uri, _ := dig(blocks[len(blocks)-1], "uri").(string)
			contents, _ := dig(w.call(t, "resources/read", dict{"uri": uri}), "result", "contents").([]any)
			if len(contents) != 1 || len(fmt.Sprint(dig(contents[0], "text"))) < large {
				t.Errorf("%s: %s has %.300v", tool, uri, contents)
			}
		}
	})
}

// TestResultsFitTheirSchema has a result that does, and one that does not.
func TestResultsFitTheirSchema(t *testing.T) {
	t.Parallel()
	w := startBench(t, benchOptions{plugins: []string{"fixture"}}).connect(t, true, nil)
	if r := w.callTool(t, "fixture_schema", dict{"n": 10}); dig(r, "result", "structuredContent", "n") != 10.0 {
		t.Errorf("got %v", r)
	}
	r := w.callTool(t, "fixture_schema", dict{"n": 11})
	about := dig(r, "result", "_meta", "mcp-server/error")
	if dig(r, "result", "isError") != true || dig(r, "result", "structuredContent") != nil ||
		dig(about, "phase") != "result" || dig(about, "code") != "internal" || dig(about, "source") != "plugin" {
		t.Errorf("got %v", r)
	}
}
