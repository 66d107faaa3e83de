package main

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// fake is TaurusDB with a body of the test's making for every request, and no Content-Disposition.
func fake(t *testing.T, body []byte) *plugintest.Host {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(server.Close)
	return plugintest.New(t, newPlugin, map[string]string{
		"HUAWEICLOUD_ENDPOINT_HTAP": server.URL, "HUAWEICLOUD_AUTH_TOKEN": "a-token-that-opens-nothing",
		"HUAWEICLOUD_REGION": "cn-north-4", "HUAWEICLOUD_SDK_PROJECT_ID": "project",
	})
}

func zipOf(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.Create(name); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNameWithoutHeader(t *testing.T) {
	t.Parallel()
	h := fake(t, zipOf(t, "xl/workbook.xml"))
	got := sdktest.Decode[templateOut](t, h.Do(t, "htap_download_template", plugintest.Object{"instance_id": emulator.HTAPInstanceID}))
	if want := "htap-" + emulator.HTAPInstanceID + "-import_async.xlsx"; got.Artifacts[0].Name != want {
		t.Errorf("named %q, want %q", got.Artifacts[0].Name, want)
	}
}

func TestOnlyAWorkbookIsStored(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body []byte
		code sdk.Code
	}{
		"another zip": {zipOf(t, "main.tf"), sdk.CodeDataLoss},
		"text":        {[]byte("a,b,c\n"), sdk.CodeDataLoss},
		"nothing":     {nil, sdk.CodeUnavailable},
		"a web page":  {[]byte("<html><title>Sign in</title></html>"), sdk.CodeUnavailable},
		"half of one": {zipOf(t, "xl/workbook.xml")[:40], sdk.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fake(t, tc.body)
			plugintest.WantFailure(t, h.Do(t, "htap_download_template", plugintest.Object{"instance_id": emulator.HTAPInstanceID}), tc.code, "DownloadImportExcelTemplate")
		})
	}
}

func TestListInstancesTakesWhatIsThere(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"total":0,"instances":[]}`:   `{"total":0,"instances":[]}`,
		`{"total":0,"instances":null}`: `{"total":0,"instances":[]}`,
		`{"instances":[{"id":"i","name":"n","data_vip":null,"instance_state":null}]}`: `{"total":1,"instances":[{"id":"i","name":"n"}]}`,
	} {
		h := fake(t, []byte(body))
		if result := h.Do(t, "htap_list_instances", plugintest.Object{"instance_id": emulator.TaurusDBInstanceID}); string(result.JSON) != want {
			t.Errorf("%s: got %s and %v, want %s", body, result.JSON, result.Err, want)
		}
	}
	h := fake(t, []byte("<html><title>Sign in</title></html>"))
	result := h.Do(t, "htap_list_instances", plugintest.Object{"instance_id": emulator.TaurusDBInstanceID})
	if plugintest.WantFailure(t, result, sdk.CodeUnavailable, "ListHtapInstanceInfo"); strings.Contains(result.Err.Message, "<") {
		t.Errorf("the message holds markup: %s", result.Err.Message)
	}
}
