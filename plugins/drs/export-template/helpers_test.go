package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// bench runs the plugin for one test.
type bench struct {
	*testing.T
	host *sdktest.Host
}

func newBench(t *testing.T, p sdk.Plugin) *bench {
	t.Helper()
	return &bench{T: t, host: sdktest.New(t, p)}
}

type arguments map[string]any

func (b *bench) call(ctx context.Context, tool string, args arguments) sdktest.Result {
	b.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // a wait without end must not hang the tests
	defer cancel()
	return b.host.Call(ctx, tool, args)
}

// quick is the plugin without the long pauses.
func quick(env huaweicloud.Environment) sdk.Plugin {
	return service{
		cloud: huaweicloud.NewClient(huaweicloud.DRS, env),
		pace:  pace{first: 5 * time.Millisecond, most: 20 * time.Millisecond, listing: 300 * time.Millisecond},
	}.plugin()
}

func emulated(t *testing.T, config emulator.Config) (*emulator.Emulator, *bench) {
	t.Helper()
	e, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	values := environment(e)
	return e, newBench(t, quick(func(name string) string { return values[name] }))
}

func environment(e *emulator.Emulator) map[string]string {
	values := map[string]string{"HUAWEICLOUD_METADATA_ENDPOINT": "off"}
	for _, pair := range e.Environment() {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}

// stub is a cloud for what the emulator does not do: each path's end has a function that answers.
type stub struct {
	*bench
	values map[string]string
}

func stubbed(t *testing.T, routes map[string]http.HandlerFunc) *stub {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for end, handle := range routes {
			if strings.HasSuffix(r.Method+" "+r.URL.Path, end) {
				w.Header().Set("Content-Type", "application/json")
				handle(w, r)
				return
			}
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	s := &stub{values: map[string]string{
		"HUAWEICLOUD_REGION": "cn-north-4", "HUAWEICLOUD_SDK_PROJECT_ID": "p", "HUAWEICLOUD_AUTH_TOKEN": "stub-token",
		"HUAWEICLOUD_ENDPOINT_DRS": server.URL, "HUAWEICLOUD_METADATA_ENDPOINT": "off",
	}}
	s.bench = newBench(t, quick(s.env))
	return s
}

func (s *stub) env(name string) string { return s.values[name] }

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// wantError checks that a call failed in the right way and that its message holds some texts and, after a "!", not others.
func wantError(t *testing.T, r sdktest.Result, code sdk.Code, texts ...string) {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("the call succeeded: %s", r.JSON)
	}
	if r.Err.Code != code {
		t.Errorf("code %s, want %s: %s", r.Err.Code, code, r.Err.Message)
	}
	for _, text := range texts {
		unwanted, not := strings.CutPrefix(text, "!")
		if not == strings.Contains(r.Err.Message, unwanted) {
			t.Errorf("the message does not fit %q: %s", text, r.Err.Message)
		}
	}
}

// wantContent checks an artifact's file against what the cloud holds, byte by byte.
func wantContent(t *testing.T, e *emulator.Emulator, a sdk.Artifact, name string) {
	t.Helper()
	want, known := e.Content(name)
	got, err := os.ReadFile(a.Path)
	if err != nil || !known {
		t.Fatalf("reading: %v; the emulator holds %q: %t", err, name, known)
	}
	if !bytes.Equal(got, want) || a.Size != int64(len(want)) {
		t.Errorf("%s has %d bytes, said to be %d; they differ from the emulator's %d bytes", a.Name, len(got), a.Size, len(want))
	}
}
