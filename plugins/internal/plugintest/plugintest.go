// Package plugintest runs one of our plugins in a test, against the emulator of the cloud or a stub of it, and has what the
// plugins' tests share. Start reading at [Start].
package plugintest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
	// Getenv is the plugin's environment.
	Getenv huaweicloud.Environment
	// Cloud is the emulator that the plugin talks to; nil after [Stub].
	Cloud *emulator.Emulator
	// Server is the stub that the plugin talks to; nil after [Start].
	Server *httptest.Server

	own map[string]bool // the names of the plugin's tools
}

// Start runs the plugin against an emulator of its own.
func Start(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, cfg emulator.Config) *Host {
	t.Helper()
	cloud, err := emulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	h := newHost(t, newPlugin, cloud.Getenv)
	h.Cloud = cloud
	return h
}

// Routes is a stub's answers by [http.ServeMux] patterns. The project is p.
type Routes = map[string]http.HandlerFunc

// Stub runs the plugin against a cloud of the test's making, for what the emulator does not do. It stands for every service.
func Stub(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, routes Routes) *Host {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, handle := range routes {
		mux.HandleFunc(pattern, handle)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	settings := map[string]string{
		"HUAWEICLOUD_REGION": "cn-north-4", "HUAWEICLOUD_SDK_PROJECT_ID": "p", "HUAWEICLOUD_AUTH_TOKEN": "a-token-that-opens-nothing",
	}
	h := newHost(t, newPlugin, func(name string) string {
		if strings.HasPrefix(name, "HUAWEICLOUD_ENDPOINT_") {
			return server.URL
		}
		return settings[name]
	})
	h.Server = server
	return h
}

// Answer is a route that always answers with the text.
func Answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// Throttled is a route that refuses, for longer than a call waits by itself.
func Throttled(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "60")
	w.WriteHeader(http.StatusTooManyRequests)
}

// newHost runs the plugin with nothing but the given environment. A test has no use for the key of the machine it runs on.
func newHost(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, env huaweicloud.Environment) *Host {
	t.Helper()
	getenv := func(name string) string {
		if name == "HUAWEICLOUD_METADATA_ENDPOINT" {
			return "off"
		}
		return env(name)
	}
	plugin := newPlugin(getenv)
	h := &Host{Host: sdktest.New(t, plugin), Getenv: getenv, own: map[string]bool{}}
	manifest, err := plugin.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range manifest.Tools {
		h.own[tool.Name] = true
	}
	return h
}

// Do runs one tool for as long as the test.
func (h *Host) Do(t *testing.T, tool string, arguments any) sdktest.Result {
	t.Helper()
	return h.Call(t.Context(), tool, arguments)
}

// Call runs one tool, for 30 s at most: a wait without end must not hang the tests.
func (h *Host) Call(ctx context.Context, tool string, arguments any) sdktest.Result {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return h.Host.Call(ctx, tool, arguments)
}
