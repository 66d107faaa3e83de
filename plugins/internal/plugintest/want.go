package plugintest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// WantFailure checks that a call failed with the code, and that its message has all the words and, after a "!", not others.
func WantFailure(t *testing.T, r sdktest.Result, code sdk.Code, words ...string) {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("the call succeeded: %s", r.JSON)
	}
	if r.Err.Code != code {
		t.Errorf("code %s, want %s: %s", r.Err.Code, code, r.Err.Message)
	}
	for _, word := range words {
		text, unwanted := strings.CutPrefix(word, "!")
		if unwanted == strings.Contains(r.Err.Message, text) {
			t.Errorf("the message does not fit %q: %s", word, r.Err.Message)
		}
	}
}

// WantStored checks that the artifact's file holds exactly the emulator's content of that name.
func (h *Host) WantStored(t *testing.T, a sdk.Artifact, content string) {
	t.Helper()
	want, known := h.Cloud.Content(content)
	if !known {
		t.Fatalf("the emulator has no content %q", content)
	}
	got, err := os.ReadFile(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) || a.Size != int64(len(want)) {
		t.Errorf("%s has %d bytes, said to be %d; they differ from the %d bytes of %s", a.Name, len(got), a.Size, len(want), content)
	}
}

// WantRising checks that the progress of a chain rises from report to report towards one total, that a message tells of the
// wait, and that the last report is of the last part.
func WantRising(t *testing.T, reports []sdktest.Progress, total, lastPart float64, waiting string) {
	t.Helper()
	last, waited := -1.0, false
	for _, p := range reports {
		if p.Done <= last || p.Done > total || p.Total != total {
			t.Errorf("progress %v after %v", p, last)
		}
		last, waited = p.Done, waited || strings.HasPrefix(p.Message, waiting)
	}
	if !waited || last <= lastPart {
		t.Errorf("progress %v", reports)
	}
}
