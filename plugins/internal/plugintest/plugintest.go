// Package plugintest runs one of our plugins in a test, against the emulator of the cloud, and has the checks that the
// plugins' tests share. Start reading at [Start].
package plugintest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// Object is a tool's arguments.
type Object = map[string]any

// Host runs a plugin.
type Host struct {
	*sdktest.Host
	// Cloud is the emulator that the plugin talks to; nil after [New].
	Cloud *emulator.Emulator
}

// Start runs the plugin against an emulator of its own.
func Start(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, cfg emulator.Config) *Host {
	t.Helper()
	cloud, err := emulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	env := map[string]string{}
	for _, pair := range cloud.Environment() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	h := New(t, newPlugin, env)
	h.Cloud = cloud
	return h
}

// New runs the plugin with nothing but the given environment.
func New(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, env map[string]string) *Host {
	t.Helper()
	return &Host{Host: sdktest.New(t, newPlugin(func(name string) string { return env[name] }))}
}

// Do runs one tool for as long as the test.
func (h *Host) Do(t *testing.T, tool string, arguments Object) sdktest.Result {
	t.Helper()
	return h.Call(t.Context(), tool, arguments)
}

// WantFailure checks that a call failed with the code, and that its message has all the words.
func WantFailure(t *testing.T, r sdktest.Result, code sdk.Code, words ...string) {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("the call succeeded: %s", r.JSON)
	}
	if r.Err.Code != code {
		t.Errorf("code %s, want %s: %s", r.Err.Code, code, r.Err.Message)
	}
	for _, word := range words {
		if !strings.Contains(r.Err.Message, word) {
			t.Errorf("the message lacks %q: %s", word, r.Err.Message)
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
		t.Errorf("the file has %d bytes and the size %d, and differs from the %d of %s", len(got), a.Size, len(want), content)
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
