package main

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// fake is RFS and the object store in one: every version's content is body, at a link that ends in key.
func fake(t *testing.T, versions, key string, header http.Header, body []byte) *plugintest.Host {
	t.Helper()
	const path = "GET /v1/p/templates/t/versions"
	return plugintest.Stub(t, newPlugin, plugintest.Routes{
		path: plugintest.Answer(versions),
		path + "/{version}": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/object/"+key+"?Signature=a-secret-of-the-link&version="+r.PathValue("version"))
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"GET /object/": func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), header)
			_, _ = w.Write(body)
		},
	})
}

// TestFileName has the template and the version in the name, whatever the object is called, and the extension by content.
func TestFileName(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		key        string
		body       []byte
		file, kind string
	}{
		"text":   {"a/b/vpc.TF", []byte("a"), "t-V1.tf", "text"},
		"JSON":   {"5f0e1d2c", []byte("\ufeff {\"resource\": {}}"), "t-V1.tf.json", "text"},
		"zip":    {"x.tf", plugintest.Zip(t, "main.tf"), "t-V1.zip", "zip"},
		"binary": {"x.tf", []byte{0, 1, 2}, "t-V1", "binary"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fake(t, "", tc.key, http.Header{"Content-Disposition": {`attachment; filename="../other.tf"`}}, tc.body)
			got := sdktest.Decode[contentOut](t, h.Do(t, tool, plugintest.Object{"template_name": "t", "version_id": "V1"}))
			if a := got.Artifacts[0]; a.Name != tc.file || got.Kind != tc.kind {
				t.Errorf("got %s %q, want %s %q", got.Kind, a.Name, tc.kind, tc.file)
			}
		})
	}
}

func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	body := []byte("#" + strings.Repeat("网", 30_000))
	h := fake(t, "", "vpc.tf", nil, body)
	got := sdktest.Decode[contentOut](t, h.Do(t, tool, plugintest.Object{"template_name": "t", "version_id": "V1"}))
	const limit = 64 << 10
	if got.Kind != "text" || !got.Truncated || len(got.Content) > limit || len(got.Content) < limit-3 ||
		!bytes.HasPrefix(body, []byte(got.Content)) {
		t.Errorf("kind %s, truncated %v, %d bytes that end in %q", got.Kind, got.Truncated, len(got.Content), got.Content[len(got.Content)-6:])
	}
	if stored, err := os.ReadFile(got.Artifacts[0].Path); err != nil || !bytes.Equal(stored, body) {
		t.Errorf("the stored file is not whole: %d of %d bytes, %v", len(stored), len(body), err)
	}
}

func TestLatestIsTheHighestNumber(t *testing.T) {
	t.Parallel()
	h := fake(t, `{"versions":[{"version_id":"V9"},{"version_id":"V10"},{"version_id":"V2"}]}`, "x.tf", nil, []byte("a"))
	if got := sdktest.Decode[contentOut](t, h.Do(t, tool, plugintest.Object{"template_name": "t"})); got.VersionID != "V10" {
		t.Errorf("got %s, want V10", got.VersionID)
	}
	h = fake(t, `{"versions":[]}`, "x.tf", nil, []byte("a"))
	plugintest.WantFailure(t, h.Do(t, tool, plugintest.Object{"template_name": "t"}), sdk.CodeNotFound, "no version", "rfs_list_templates")
}

func TestNoContent(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"an empty file": "", "a web page": "<!DOCTYPE html><html></html>"} {
		h := fake(t, "", "x.tf", nil, []byte(body))
		plugintest.WantFailure(t, h.Do(t, tool, plugintest.Object{"template_name": "t", "version_id": "V1"}), sdk.CodeUnavailable, name)
	}
	h := fake(t, "", "x.zip", nil, plugintest.Zip(t, "main.tf")[:20])
	plugintest.WantFailure(t, h.Do(t, tool, plugintest.Object{"template_name": "t", "version_id": "V1"}), sdk.CodeUnavailable, "its end is missing")
}
