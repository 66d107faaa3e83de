package clients

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"testing"
)

// What every client asks for.
const (
	progressTool   = "drs_export_template" // takes more than half a second at the emulator
	hangingTool    = "roma_list_instances" // is never answered: see startServer
	prompt         = "compare_rfs_versions"
	promptArgument = "template_name"
	promptValue    = "my_"
)

// seen is what a client saw. The scripts print it as JSON.
type seen struct {
	Revision        string    `json:"revision"`
	Tools           []string  `json:"tools"`
	Progress        []float64 `json:"progress"`
	IsError         bool      `json:"isError"`
	URI             string    `json:"uri"`
	Content         []byte    `json:"content"` // base64 in JSON
	Completion      []string  `json:"completion"`
	CompletionError string    `json:"completionError"`
	Cancelled       string    `json:"cancelled"` // the error of the call that was cancelled
	After           []string  `json:"after"`     // the tools, once more, after the cancellation
}

// TestClients has every client list, call with progress, read what the call stored, complete an argument, and cancel.
func TestClients(t *testing.T) {
	t.Parallel()
	clients := []struct {
		name, revision string
		use            func(*testing.T, *server) seen
	}{
		{"go-sdk", "2026-07-28", useGoSDK("")},
		{"go-sdk legacy", "2025-11-25", useGoSDK("2025-11-25")},
		{"typescript v1", "2025-11-25", useScript("typescript-v1.mjs", nil)},
		{"typescript v2 legacy", "2025-11-25", useScript("typescript-v2.mjs", "legacy")},
		{"typescript v2 auto", "2026-07-28", useScript("typescript-v2.mjs", "auto")},
		{"typescript v2 pinned", "2026-07-28", useScript("typescript-v2.mjs", map[string]string{"pin": "2026-07-28"})},
		{"inspector legacy", "2025-11-25", useInspector("legacy")},
		{"inspector modern", "2026-07-28", useInspector("modern")},
	}
	for _, transport := range []string{stdio, streamableHTTP} {
		for _, c := range clients {
			t.Run(transport+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				s := startServer(t, transport)
				got := c.use(t, s)
				if got.Revision != c.revision {
					t.Errorf("the revision is %q, want %s", got.Revision, c.revision)
				}
				s.judge(t, got)
			})
		}
	}
}

// judge compares what a client saw with what the emulator holds.
func (s *server) judge(t *testing.T, got seen) {
	t.Helper()
	for _, tool := range []string{progressTool, hangingTool, "artifact_read"} {
		if !slices.Contains(got.Tools, tool) {
			t.Errorf("the tools %v lack %s", got.Tools, tool)
		}
	}
	if !slices.Equal(got.Tools, got.After) {
		t.Errorf("after the cancellation the tools are %v", got.After)
	}
	if got.IsError || len(got.Progress) == 0 || !slices.IsSorted(got.Progress) {
		t.Errorf("the call: error %v, progress %v", got.IsError, got.Progress)
	}
	want, held := s.cloud.Content("drs/" + path.Base(got.URI))
	if !held || !bytes.Equal(got.Content, want) {
		t.Errorf("%s has %d bytes, the emulator %d (%v)", got.URI, len(got.Content), len(want), held)
	}
	if got.Cancelled == "" {
		t.Error("the cancelled call succeeded")
	}
	t.Run("completion", func(t *testing.T) {
		need(t, !strings.Contains(got.CompletionError, "completions not supported"), "the server completes no arguments")
		if want := []string{"my_first_template", "my_second_template"}; !slices.Equal(slices.Sorted(slices.Values(got.Completion)), want) {
			t.Errorf("%s completes to %v (%s), want %v", promptValue, got.Completion, got.CompletionError, want)
		}
	})
}
