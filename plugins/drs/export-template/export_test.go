package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// TestExport has two tasks, one of which has an old file; the second makes the status SUCCESS in upper case.
func TestExport(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	jobs := []string{emulator.DRSUpperCaseJobID, emulator.DRSJobID}
	r := h.Do(t, "drs_export_template", exportArgs(jobs...))
	out := sdktest.Decode[exportOut](t, r)
	if out.AsyncJobID == "" || out.Status != "success" || len(out.Artifacts) != 2 {
		t.Fatalf("got %+v", out)
	}
	for n, a := range out.Artifacts {
		if !strings.HasPrefix(a.Name, jobs[n]+"_") || a.Name == emulator.DRSOldFileName {
			t.Errorf("artifact %d is %s", n, a.Name)
		}
		h.WantStored(t, a, "drs/"+a.Name)
		if !strings.Contains(a.MediaType, "spreadsheetml") || a.Source.Operation != "DownloadCreateTemplate" || a.Source.IDs["file_name"] != a.Name {
			t.Errorf("artifact %+v", a)
		}
	}
	plugintest.WantRising(t, r.Progress, 6, 5, "waiting for the export")
}

// TestPluginAsBuilt has the real pauses.
func TestPluginAsBuilt(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{JobDuration: short})
	out := sdktest.Decode[exportOut](t, h.Do(t, "drs_export_template", exportArgs(emulator.DRSMigrationJobID)))
	h.WantStored(t, out.Artifacts[0], "drs/"+out.Artifacts[0].Name)
}

func TestExportWithoutWaiting(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: 200 * time.Millisecond})
	r := h.Do(t, "drs_export_template", plugintest.Object{"jobs": []string{emulator.DRSUpperCaseJobID}, "wait": false})
	var fields map[string]string
	if err := json.Unmarshal(r.JSON, &fields); err != nil || len(fields) != 2 || fields["async_job_id"] == "" || fields["status"] != "accepted" {
		t.Fatalf("got %s", r.JSON)
	}
	ids := plugintest.Object{"async_job_id": fields["async_job_id"]}
	now := sdktest.Decode[progressOut](t, h.Do(t, "drs_show_export_progress", ids))
	if now.Terminal || now.Status != "pending" {
		t.Errorf("at first %+v", now)
	}
	for began := time.Now(); !now.Terminal && time.Since(began) < 30*time.Second; {
		now = sdktest.Decode[progressOut](t, h.Do(t, "drs_show_export_progress", ids))
	}
	if !now.Succeeded || now.ProcessStatus != "SUCCESS" {
		t.Errorf("at the end %+v", now)
	}
	list := sdktest.Decode[listFilesOut](t, h.Do(t, "drs_list_templates", plugintest.Object{}))
	names := []string{list.Files[0].FileName, list.Files[1].FileName}
	got := sdktest.Decode[downloadOut](t, h.Do(t, "drs_download_template", plugintest.Object{"files": names}))
	for n, a := range got.Artifacts {
		if a.Name != names[n] {
			t.Errorf("artifact %d is %s, want %s", n, a.Name, names[n])
		}
		h.WantStored(t, a, "drs/"+a.Name)
	}
}

func TestFailingExport(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	plugintest.WantFailure(t, h.Do(t, "drs_export_template", exportArgs(emulator.DRSJobID, emulator.DRSFailingJobID)),
		sdk.CodeFailedPrecondition, `process_status "failed"`, "async_job_id", "drs_list_jobs")
	plugintest.WantFailure(t, h.Do(t, "drs_export_template", exportArgs("2e69ebb1-f06d-4eb2-a789-2883629jb999")),
		sdk.CodeNotFound, "DRS.10000010", "drs_list_jobs")
}

// TestExportedButNotDownloaded must lead on to the files without a new export.
func TestExportedButNotDownloaded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault emulator.Fault
		code  sdk.Code
		text  string
	}{
		"truncated":       {emulator.Fault{Kind: emulator.FaultTruncate}, sdk.CodeUnavailable, "broke"},
		"error as a file": {emulator.Fault{Kind: emulator.FaultWrongType}, sdk.CodeUnknown, "DRS.10000001"},
		"web page":        {emulator.Fault{Kind: emulator.FaultHTML}, sdk.CodeUnavailable, "502 Bad Gateway"},
		"refused":         {emulator.Fault{Kind: emulator.FaultStatus, Status: 403}, sdk.CodePermissionDenied, "HTTP 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
			tc.fault.PathContains = "/templates/download"
			h.Cloud.SetFaults(tc.fault)
			r := h.Do(t, "drs_export_template", exportArgs(emulator.DRSJobID))
			plugintest.WantFailure(t, r, tc.code, tc.text, "The export itself succeeded", "drs_download_template", emulator.DRSJobID+"_postgresql_", "!"+emulator.DRSOldFileName)
		})
	}
}

// TestFaultsThatPass are over before the client gives up.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	h.Cloud.SetFaults(
		emulator.Fault{PathContains: "/templates/download", Kind: emulator.FaultTruncate, Times: 1},
		emulator.Fault{PathContains: "/export/template", Kind: emulator.FaultThrottle, Times: 1},
		emulator.Fault{PathContains: "/export/progress", Kind: emulator.FaultStatus, Status: 503, Times: 1},
		emulator.Fault{PathContains: "/templates", Method: "GET", Kind: emulator.FaultEmpty, Times: 1})
	out := sdktest.Decode[exportOut](t, h.Do(t, "drs_export_template", exportArgs(emulator.DRSJobID)))
	h.WantStored(t, out.Artifacts[0], "drs/"+out.Artifacts[0].Name)
}

func TestFollowingBreaksOff(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	h.Cloud.SetFaults(emulator.Fault{PathContains: "/export/progress", Kind: emulator.FaultStatus, Status: 403})
	r := h.Do(t, "drs_export_template", exportArgs(emulator.DRSJobID))
	plugintest.WantFailure(t, r, sdk.CodePermissionDenied, "goes on in the cloud", "drs_show_export_progress", "drs_list_templates", "drs_download_template")
}

func TestDownloadOfUnknownFile(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	r := h.Do(t, "drs_download_template", plugintest.Object{"files": []string{emulator.DRSOldFileName, "nothing.xlsx"}})
	plugintest.WantFailure(t, r, sdk.CodeInvalidArgument, "DRS.10030009", "nothing.xlsx", "stored before it: "+emulator.DRSOldFileName, "drs_list_templates")
}

func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: time.Hour})
	ctx := h.CanceledAt(t, "/export/progress")
	plugintest.WantFailure(t, h.Call(ctx, "drs_export_template", exportArgs(emulator.DRSJobID)), sdk.CodeCanceled)
}

// TestDeadline must get the tool's own answer, with the id, and not the host's.
func TestDeadline(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	r := h.Call(ctx, "drs_export_template", exportArgs(emulator.DRSJobID))
	plugintest.WantFailure(t, r, sdk.CodeDeadlineExceeded, `"pending"`, "drs_show_export_progress", "goes on in the cloud")
}
