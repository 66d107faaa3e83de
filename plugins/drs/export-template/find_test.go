package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	old := file{"a_mysql_20250101000000.xlsx", "2025-01-01T00:00:00Z"}
	before := map[file]bool{old: true}
	for name, tc := range map[string]struct {
		files   []file
		names   []string
		missing []string
	}{
		"old only":        {[]file{old}, nil, []string{"a", "b"}},
		"one is late":     {[]file{old, {"b_mysql_2.xlsx", "1"}}, []string{"b_mysql_2.xlsx"}, []string{"a"}},
		"both":            {[]file{old, {"b_mysql_2.xlsx", "1"}, {"a_mysql_2.xlsx", "1"}}, []string{"a_mysql_2.xlsx", "b_mysql_2.xlsx"}, nil},
		"another's too":   {[]file{{"a_mysql_2.xlsx", "1"}, {"a_mysql_3.xlsx", "1"}, {"b_x_1.xlsx", "1"}}, []string{"a_mysql_3.xlsx", "b_x_1.xlsx"}, nil},
		"written again":   {[]file{{old.FileName, "2025-01-01T00:00:01Z"}, {"b_x_1.xlsx", "1"}}, []string{old.FileName, "b_x_1.xlsx"}, nil},
		"a longer id":     {[]file{{"ab_x_1.xlsx", "1"}, {"bb_x_1.xlsx", "1"}}, nil, []string{"a", "b"}},
		"clock is behind": {[]file{{"a_x_9.xlsx", "2024-01-01T00:00:00Z"}, {"b_x_9.xlsx", "2024-01-01T00:00:00Z"}}, []string{"a_x_9.xlsx", "b_x_9.xlsx"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[file]bool{}
			for _, f := range tc.files {
				files[f] = true
			}
			names, _, missing := match([]string{"a", "b"}, files, before)
			if diff := cmp.Diff(tc.names, names); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.missing, missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

// lateRoutes is a cloud that lists a new file only at the given look, and before it an old one of the same task.
func lateRoutes(workbook []byte, look int) plugintest.Routes {
	looks := 0
	return plugintest.Routes{
		"/v5/p/jobs/export/template":   plugintest.Answer(`{"id":"e","status":"SUCCESS"}`),
		"/v5/p/jobs/e/export/progress": plugintest.Answer(`{"process_status":"Success"}`),
		"GET /v5/p/templates": func(w http.ResponseWriter, _ *http.Request) {
			files := []file{{"j_mysql_1.xlsx", "2025-07-03T09:44:12Z"}}
			if looks++; looks >= look {
				files = append(files, file{"j_mysql_2.xlsx", "2025-07-03T09:44:12Z"})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"count": len(files), "export_report_obs_files": files})
		},
		"/v5/p/templates/download": func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Files []string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Files) != 1 || body.Files[0] != "j_mysql_2.xlsx" {
				http.Error(w, "wrong file", http.StatusBadRequest)
				return
			}
			_, _ = w.Write(workbook)
		},
	}
}

func TestFileIsListedLate(t *testing.T) {
	t.Parallel()
	workbook, _ := plugintest.Start(t, quick, emulator.Config{}).Cloud.Content("drs/" + emulator.DRSOldFileName)
	out := sdktest.Decode[exportOut](t, plugintest.Stub(t, quick, lateRoutes(workbook, 4)).Do(t, "drs_export_template", exportArgs("j")))
	if len(out.Artifacts) != 1 || out.Artifacts[0].Name != "j_mysql_2.xlsx" || out.Artifacts[0].Size != int64(len(workbook)) {
		t.Errorf("got %+v", out)
	}
	r := plugintest.Stub(t, quick, lateRoutes(workbook, 1_000_000)).Do(t, "drs_export_template", exportArgs("j"))
	plugintest.WantFailure(t, r, sdk.CodeUnavailable, "a new file of j", "no new file at all", "drs_list_templates", "drs_download_template", "!j_mysql_1")
}

func TestExportNotAccepted(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"no id": `{"status":"SUCCESS"}`, "failed": `{"id":"e","status":"FAILED"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Stub(t, quick, plugintest.Routes{"/v5/p/jobs/export/template": plugintest.Answer(body)})
			r := h.Do(t, "drs_export_template", plugintest.Object{"jobs": []string{"j"}, "wait": false})
			plugintest.WantFailure(t, r, sdk.CodeUnavailable, "did not accept", "drs_list_jobs")
		})
	}
}

// TestNotAWorkbook has a success whose body is the document's own example of a reply: two quotes.
func TestNotAWorkbook(t *testing.T) {
	t.Parallel()
	h := plugintest.Stub(t, quick, lateRoutes([]byte(`""`), 2))
	plugintest.WantFailure(t, h.Do(t, "drs_export_template", exportArgs("j")), sdk.CodeDataLoss, "not xlsx", "drs_download_template", "j_mysql_2.xlsx")
}
