package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestListJobs(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	for name, tc := range map[string]struct {
		args  plugintest.Object
		total int
		ids   []string
	}{
		"sync":        {plugintest.Object{"job_type": "sync"}, 3, []string{emulator.DRSJobID, emulator.DRSUpperCaseJobID, emulator.DRSFailingJobID}},
		"second page": {plugintest.Object{"job_type": "sync", "limit": 1, "offset": 1}, 3, []string{emulator.DRSUpperCaseJobID}},
		"by name":     {plugintest.Object{"job_type": "migration", "name": "DRS-迁移"}, 1, []string{emulator.DRSMigrationJobID}},
		"by id":       {plugintest.Object{"job_type": "sync", "name": emulator.DRSJobID}, 1, []string{emulator.DRSJobID}},
		"by status":   {plugintest.Object{"job_type": "sync", "status": "CONFIGURATION"}, 1, []string{emulator.DRSFailingJobID}},
		"by engine":   {plugintest.Object{"job_type": "sync", "engine_type": "postgresql"}, 1, []string{emulator.DRSJobID}},
		"none":        {plugintest.Object{"job_type": "cloudDataGuard"}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := sdktest.Decode[listJobsOut](t, h.Do(t, "drs_list_jobs", tc.args))
			if out.TotalCount != tc.total || len(out.Jobs) != len(tc.ids) {
				t.Fatalf("got %+v", out)
			}
			for n, id := range tc.ids {
				if job := out.Jobs[n]; job.ID != id || job.Name == "" || job.Status == "" || job.CreateTime == "" {
					t.Errorf("job %+v, want %s", job, id)
				}
			}
		})
	}
}

func TestListTemplates(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	out := sdktest.Decode[listFilesOut](t, h.Do(t, "drs_list_templates", plugintest.Object{}))
	if out.Count != 1 || len(out.Files) != 1 || out.Files[0] != (file{emulator.DRSOldFileName, "2025-07-03T09:44:12Z"}) {
		t.Errorf("got %+v", out)
	}
	out = sdktest.Decode[listFilesOut](t, h.Do(t, "drs_list_templates", plugintest.Object{"offset": 1, "limit": 1}))
	if out.Count != 1 || len(out.Files) != 0 {
		t.Errorf("after the end %+v", out)
	}
}

// TestAllFiles has a cloud whose pages are smaller than asked for, and one that pages without end.
func TestAllFiles(t *testing.T) {
	t.Parallel()
	const total = 47
	for name, tc := range map[string]struct {
		size, count int
		ignore      bool
		want        int
	}{
		"small pages":    {size: 7, count: total, want: total},
		"offset ignored": {size: 7, count: total, ignore: true, want: 7},
		"count too high": {size: 7, count: total * 100, want: total},
		"one page":       {size: 100, count: total, want: total},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Stub(t, quick, plugintest.Routes{"/v5/p/templates": func(w http.ResponseWriter, r *http.Request) {
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				if tc.ignore {
					offset = 0
				}
				files := []file{}
				for n := offset; n < min(offset+tc.size, total); n++ {
					files = append(files, file{FileName: fmt.Sprint("file", n)})
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"count": tc.count, "export_report_obs_files": files})
			}})
			all, err := service{cloud: huaweicloud.NewClient(huaweicloud.DRS, h.Getenv)}.allFiles(t.Context(), huaweicloud.Target{})
			if err != nil || len(all) != tc.want {
				t.Errorf("%d files, want %d; %v", len(all), tc.want, err)
			}
		})
	}
}

func TestProgressWords(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]progressOut{
		"pending": {Status: "pending"},
		"PENDING": {Status: "pending"},
		"success": {Status: "success", Terminal: true, Succeeded: true},
		"SUCCESS": {Status: "success", Terminal: true, Succeeded: true},
		"Failed":  {Status: "failed", Terminal: true},
		"":        {Status: ""},
		"Done?":   {Status: "done?"},
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]string{"process_status": raw})
			if err != nil {
				t.Fatal(err)
			}
			h := plugintest.Stub(t, quick, plugintest.Routes{"/v5/p/jobs/a/export/progress": plugintest.Answer(string(body))})
			got := sdktest.Decode[progressOut](t, h.Do(t, "drs_show_export_progress", plugintest.Object{"async_job_id": "a"}))
			want.AsyncJobID, want.ProcessStatus = "a", raw
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestProgressOfATask(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	r := h.Do(t, "drs_show_export_progress", plugintest.Object{"async_job_id": emulator.DRSJobID})
	plugintest.WantFailure(t, r, sdk.CodeNotFound, "DRS.10000010", "not that of a task")
}

func TestWhatCannotBeAnID(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	for _, id := range []string{"", "a/b", "..", "a b", "a\nb", `a\b`, strings.Repeat("a", 256)} {
		for tool, args := range map[string]plugintest.Object{
			"drs_export_template":      {"jobs": []string{id}},
			"drs_show_export_progress": {"async_job_id": id},
			"drs_download_template":    {"files": []string{id}},
		} {
			plugintest.WantFailure(t, h.Do(t, tool, args), sdk.CodeInvalidArgument, "input schema refuses")
		}
		if err := checkAll("jobs", []string{"a", id}, 64); err == nil { // a host that does not look at the schema
			t.Errorf("%q is taken", id)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	for name, tc := range map[string]struct {
		tool string
		args plugintest.Object
	}{
		"no jobs":    {"drs_export_template", plugintest.Object{"jobs": []string{}}},
		"jobs twice": {"drs_export_template", plugintest.Object{"jobs": []string{"a", "a"}}},
		"missing":    {"drs_export_template", plugintest.Object{}},
		"unknown":    {"drs_export_template", plugintest.Object{"jobs": []string{"a"}, "job": "a"}},
		"too many":   {"drs_export_template", plugintest.Object{"jobs": plugintest.IDs(101)}},
		"11 files":   {"drs_download_template", plugintest.Object{"files": plugintest.IDs(11)}},
		"no type":    {"drs_list_jobs", plugintest.Object{}},
		"wrong type": {"drs_list_jobs", plugintest.Object{"job_type": "backup"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugintest.WantFailure(t, h.Do(t, tc.tool, tc.args), sdk.CodeInvalidArgument, "input schema refuses")
		})
	}
	plugintest.WantFailure(t, h.Do(t, "drs_export_template", plugintest.Object{"jobs": plugintest.IDs(100), "region": "cn-north-4"}), sdk.CodeNotFound, "DRS.10000010")
	plugintest.WantFailure(t, h.Do(t, "drs_download_template", plugintest.Object{"files": []string{"任务_mysql.xlsx"}}), sdk.CodeInvalidArgument, "DRS.10030009")
	filters := plugintest.Object{"job_type": "sync", "status": "CREATE_FAILED,START_JOB_FAILED", "engine_type": "oracle-to-gaussdbv5"}
	if out := sdktest.Decode[listJobsOut](t, h.Do(t, "drs_list_jobs", filters)); out.TotalCount != 0 {
		t.Errorf("got %+v", out)
	}
}
