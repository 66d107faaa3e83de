package plugintest

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"mcp-server/sdk/sdktest"
)

var (
	toolName = regexp.MustCompile(`\b(?:htap|drs|rfs|roma|artifact)_[a-z_]+\b`)
	toolCall = regexp.MustCompile(`([a-z_]+) with (\{.*?\})(?:[.,; ]|$)`)
)

// WantPrompt checks that a prompt succeeded, that its text has all the words and, after a "!", not others, that the tools it names
// exist, and that the calls it spells out fit the tools of the plugin. Folder is that of the generated definitions of all tools.
func (h *Host) WantPrompt(t *testing.T, r sdktest.Result, folder string, words ...string) {
	t.Helper()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	text := r.Text()
	for _, word := range words {
		wanted, unwanted := strings.CutPrefix(word, "!")
		if strings.Contains(text, wanted) == unwanted {
			t.Errorf("the prompt does not fit %q:\n%s", word, text)
		}
	}
	if len(text) > 2500 {
		t.Errorf("the prompt has %d bytes", len(text))
	}
	for _, name := range toolName.FindAllString(text, -1) {
		if _, err := os.Stat(folder + "/" + name + ".json"); err != nil {
			t.Errorf("there is no tool %s", name)
		}
	}
	for _, call := range toolCall.FindAllStringSubmatch(text, -1) {
		if !json.Valid([]byte(call[2])) {
			t.Errorf("no JSON: %s", call[0])
		} else if h.own[call[1]] && !h.Accepts(call[1], json.RawMessage(call[2])) {
			t.Errorf("the tool does not take %s", call[0])
		}
	}
}
