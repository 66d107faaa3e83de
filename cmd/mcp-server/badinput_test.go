package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

// TestBadInputIsExplained sends what users and models get wrong through the real server and wants an answer that names
// the problem and the way on.
func TestBadInputIsExplained(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{})
	long := strings.Repeat("x", 10<<20)
	for name, tc := range map[string]struct {
		tool      string
		arguments object
		want      []string
	}{
		"missing":          {"htap_download_template", object{}, []string{`argument "instance_id" is missing`}},
		"unknown":          {"rfs_list_templates", object{"page": 1}, []string{`argument "page" is not known`, "marker"}},
		"wrong type":       {"drs_list_jobs", object{"job_type": "sync", "limit": "many"}, []string{`argument "limit" must be integer`}},
		"wrong enum":       {"drs_list_jobs", object{"job_type": "backup"}, []string{`"cloudDataGuard"`}},
		"in07":             {"htap_download_template", object{"instance_id": emulator.TaurusDBInstanceID}, []string{"TaurusDB", "htap_list_instances"}},
		"in16":             {"htap_download_template", object{"instance_id": emulator.LightweightHTAPInstanceID}, []string{"ightweight"}},
		"in17 as database": {"htap_list_instances", object{"instance_id": emulator.HTAPInstanceID}, []string{"in07"}},
		"slash":            {"roma_list_apps", object{"instance_id": "a/../b"}, []string{"instance_id"}},
		"dots":             {"roma_list_apps", object{"instance_id": ".."}, []string{"instance_id"}},
		"spaces":           {"rfs_show_template_metadata", object{"template_name": "my template"}, []string{"template_name"}},
		"empty id":         {"roma_list_apps", object{"instance_id": ""}, []string{"instance_id"}},
		"huge":             {"rfs_show_template_metadata", object{"template_name": long}, []string{"at most"}},
		"large":            {"rfs_show_template_metadata", object{"template_name": long[:3<<20]}, []string{"template_name"}},
		"no such version":  {"rfs_show_template_version_content", object{"template_name": emulator.RFSTemplateName, "version_id": "V99"}, []string{"RF.", "request"}},
		"bad region":       {"rfs_list_templates", object{"region": "../x"}, []string{"region"}},
		"other project":    {"rfs_list_templates", object{"project_id": "00000000000000000000000000000000"}, []string{"403"}},
		"failing export":   {"drs_export_template", object{"jobs": []string{emulator.DRSFailingJobID}}, []string{"failed"}},
		"failing assets":   {"roma_export_assets", object{"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAFailingAppID}}, []string{"ROMA."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.call(t, tc.tool, tc.arguments)
			text := textOf(r)
			if !r.IsError || len(text) > 4000 || strings.Contains(text, "goroutine") {
				t.Fatalf("answered with isError=%v and %d bytes: %.500s", r.IsError, len(text), text)
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in: %s", want, text)
				}
			}
		})
	}
}

// TestCloudTroubleIsExplained makes the cloud itself go wrong.
func TestCloudTroubleIsExplained(t *testing.T) {
	t.Parallel()
	const refusing = "127.0.0.1:9" // where nobody listens, and which no test gets
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html><title>Captive portal</title></html>", http.StatusForbidden)
	}))
	t.Cleanup(html.Close)
	for name, tc := range map[string]struct {
		cfg    emulator.Config
		faults []emulator.Fault
		env    []string
		want   []string
	}{
		"clock off by an hour": {cfg: emulator.Config{Clock: func() time.Time { return time.Now().Add(time.Hour) }}, want: []string{"clock", "1h0m0s"}},
		"wrong secret":         {env: []string{"HUAWEICLOUD_SDK_SK=wrong-secret-key-of-a-test"}, want: []string{"401", "HUAWEICLOUD_SDK_SK"}},
		"expired token":        {env: []string{"HUAWEICLOUD_AUTH_TOKEN=no-token-of-the-emulator"}, want: []string{"401", "token"}},
		"refusing":             {env: []string{"HUAWEICLOUD_ENDPOINT_RFS=http://" + refusing}, want: []string{refusing, "refused"}},
		"plain http elsewhere": {env: []string{"HUAWEICLOUD_ENDPOINT_RFS=http://rfs.example.com"}, want: []string{"https"}},
		"not a URL":            {env: []string{"HUAWEICLOUD_ENDPOINT_RFS=::nonsense"}, want: []string{"HUAWEICLOUD_ENDPOINT_RFS"}},
		"unknown region":       {env: []string{"HUAWEICLOUD_ENDPOINT_RFS=", "HUAWEICLOUD_REGION=cn-north-44"}, want: []string{"cn-north-44", "cn-north-4"}},
		"no region":            {env: []string{"HUAWEICLOUD_ENDPOINT_RFS=", "HUAWEICLOUD_REGION="}, want: []string{"HUAWEICLOUD_REGION"}},
		"HTML":                 {env: []string{"HUAWEICLOUD_ENDPOINT_RFS=" + html.URL}, want: []string{"403"}},
		"throttled":            {faults: []emulator.Fault{{Kind: emulator.FaultThrottle}}, want: []string{"429"}},
		"server error":         {faults: []emulator.Fault{{Kind: emulator.FaultStatus, Status: 500}}, want: []string{"500"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServerWith(t, tc.cfg, tc.env, tc.faults...)
			r := s.call(t, "rfs_list_templates", nil)
			text := textOf(r)
			if !r.IsError || strings.Contains(text, "wrong-secret-key") || strings.Contains(s.log.String(), "wrong-secret-key") {
				t.Fatalf("answered with isError=%v: %s", r.IsError, text)
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in: %s", want, text)
				}
			}
		})
	}
}

// TestOnceOnlyArchiveIsKeptWhenItCannotBeStored breaks the store beneath a download that the cloud does not repeat.
func TestOnceOnlyArchiveIsKeptWhenItCannotBeStored(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServerWith(t, emulator.Config{}, []string{"MCP_SERVER_DATA_DIR=" + data})
	if err := errors.Join(os.Remove(filepath.Join(data, "artifacts")), os.WriteFile(filepath.Join(data, "artifacts"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	r := s.call(t, "roma_download_asset_archive", object{"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID})
	text := textOf(r)
	if !r.IsError || !strings.Contains(text, "roma_export_assets") || !strings.Contains(text, filepath.Join(data, "partial")) {
		t.Errorf("answered with isError=%v: %s", r.IsError, text)
	}
	kept, err := filepath.Glob(filepath.Join(data, "partial", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	got, err := os.ReadFile(kept[0])
	if want, _ := s.cloud.Content("roma/" + emulator.ROMAArchiveID); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes are kept, of %d, %v", len(got), len(want), err)
	}
}
