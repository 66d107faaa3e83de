package main

import (
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// fake is TaurusDB with a body of the test's making for every request, and no Content-Disposition.
func fake(t *testing.T, body string) *plugintest.Host {
	t.Helper()
	return plugintest.Stub(t, newPlugin, plugintest.Routes{"/": plugintest.Answer(body)})
}

func workbook(t *testing.T) string { return string(plugintest.Zip(t, "xl/workbook.xml")) }

func TestNameWithoutHeader(t *testing.T) {
	t.Parallel()
	h := fake(t, workbook(t))
	got := sdktest.Decode[templateOut](t, h.Do(t, "htap_download_template", plugintest.Object{"instance_id": emulator.HTAPInstanceID}))
	if want := "htap-" + emulator.HTAPInstanceID + "-import_async.xlsx"; got.Artifacts[0].Name != want {
		t.Errorf("named %q, want %q", got.Artifacts[0].Name, want)
	}
}

func TestOnlyAWorkbookIsStored(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		code sdk.Code
	}{
		"another zip": {string(plugintest.Zip(t, "main.tf")), sdk.CodeDataLoss},
		"text":        {"a,b,c\n", sdk.CodeDataLoss},
		"nothing":     {"", sdk.CodeUnavailable},
		"a web page":  {"<html><title>Sign in</title></html>", sdk.CodeUnavailable},
		"half of one": {workbook(t)[:40], sdk.CodeUnavailable},
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
		h := fake(t, body)
		if result := h.Do(t, "htap_list_instances", plugintest.Object{"instance_id": emulator.TaurusDBInstanceID}); string(result.JSON) != want {
			t.Errorf("%s: got %s and %v, want %s", body, result.JSON, result.Err, want)
		}
	}
	h := fake(t, "<html><title>Sign in</title></html>")
	result := h.Do(t, "htap_list_instances", plugintest.Object{"instance_id": emulator.TaurusDBInstanceID})
	plugintest.WantFailure(t, result, sdk.CodeUnavailable, "ListHtapInstanceInfo", "!<")
}
