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

// TestExport runs the chain twice: the emulator's second job speaks the other dialect.
func TestExport(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	for range 2 {
		args := exportArgs(emulator.ROMAAppID, emulator.ROMASecondAppID)
		args["tasks"] = []string{emulator.ROMATaskID}
		r := h.Do(t, "roma_export_assets", args)
		out := sdktest.Decode[exportOut](t, r)
		if out.JobID == "" || out.ArchiveID == "" || len(out.Artifacts) != 1 {
			t.Fatalf("got %+v", out)
		}
		a := out.Artifacts[0]
		h.WantStored(t, a, "roma/"+out.ArchiveID)
		if a.MediaType != "application/zip" || !strings.HasSuffix(a.Name, ".zip") || a.Source.IDs["archive_id"] != out.ArchiveID || a.Source.RequestID == "" {
			t.Errorf("artifact %+v", a)
		}
		plugintest.WantRising(t, r.Progress, 100, 90, "waiting for the job")
	}
	if n := h.Sent("/assets/archives/"); n != 2 {
		t.Errorf("%d requests for two archives", n)
	}
}

func TestExportWithoutWaiting(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: 200 * time.Millisecond})
	args := exportArgs(emulator.ROMAAppID)
	args["wait"] = false
	r := h.Do(t, "roma_export_assets", args)
	var fields map[string]string
	if err := json.Unmarshal(r.JSON, &fields); err != nil || len(fields) != 1 || fields["job_id"] == "" {
		t.Fatalf("got %s", r.JSON)
	}
	ids := plugintest.Object{"instance_id": emulator.ROMAInstanceID, "job_id": fields["job_id"]}
	now := sdktest.Decode[job](t, h.Do(t, "roma_show_asset_job", ids))
	if now.Status != running || now.ProgressPercent == nil || *now.ProgressPercent > 1 || now.ArchiveID != "" {
		t.Errorf("at first %+v", now)
	}
	for began := time.Now(); now.Status == running && time.Since(began) < 30*time.Second; {
		now = sdktest.Decode[job](t, h.Do(t, "roma_show_asset_job", ids))
	}
	if now.Status != succeeded || now.ArchiveID == "" {
		t.Fatalf("at the end %+v", now)
	}
	got := sdktest.Decode[downloadOut](t, h.Do(t, "roma_download_asset_archive",
		plugintest.Object{"instance_id": emulator.ROMAInstanceID, "archive_id": now.ArchiveID}))
	h.WantStored(t, got.Artifacts[0], "roma/"+now.ArchiveID)
	now = sdktest.Decode[job](t, h.Do(t, "roma_show_asset_job", ids))
	if now.Status != finished || now.ArchiveID != "" {
		t.Errorf("after the download %+v", now)
	}
}

// TestFailingExport has both dialects.
func TestFailingExport(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	for range 2 {
		r := h.Do(t, "roma_export_assets", exportArgs(emulator.ROMAFailingAppID))
		plugintest.WantFailure(t, r, sdk.CodeFailedPrecondition, `application "broken": ROMA.00000101 some error details here`, "roma_export_assets", "!roma_download")
	}
	plugintest.WantFailure(t, h.Do(t, "roma_export_assets", exportArgs("no-such-app")), sdk.CodeInvalidArgument, "ROMA.13000", "no-such-app", "roma_list_apps")
}

func TestOneJobAtATime(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: time.Hour})
	args := exportArgs(emulator.ROMAAppID)
	args["wait"] = false
	first := sdktest.Decode[exportOut](t, h.Do(t, "roma_export_assets", args))
	plugintest.WantFailure(t, h.Do(t, "roma_export_assets", args), sdk.CodeFailedPrecondition,
		"ROMA.10012", first.JobID, "one asset job at a time", "roma_show_asset_job")
}

func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: time.Hour})
	ctx := h.CanceledAt(t, "/assets/jobs/")
	plugintest.WantFailure(t, h.Call(ctx, "roma_export_assets", exportArgs(emulator.ROMAAppID)), sdk.CodeCanceled)
	if h.Sent("/assets/archives/") != 0 {
		t.Error("an archive was asked for")
	}
}

// TestDeadline must get the tool's own answer, with the ids, and not the host's.
func TestDeadline(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r := h.Call(ctx, "roma_export_assets", exportArgs(emulator.ROMAAppID))
	plugintest.WantFailure(t, r, sdk.CodeDeadlineExceeded, `"RUNNING"`, "roma_show_asset_job", "job_id")
}

func TestChainOnStub(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		states []string
		code   sdk.Code
		texts  []string
	}{
		"downloaded by another": {[]string{`{"status":"Running"}`, `{"status":"Finished"}`}, sdk.CodeFailedPrecondition, []string{"somebody else", "roma_export_assets"}},
		"no archive":            {[]string{`{"status":"SUCCEEDED"}`}, sdk.CodeUnavailable, []string{"no archive_id", "roma_show_asset_job", "job_id j"}},
		"no reason":             {[]string{`{"status":"Failed"}`}, sdk.CodeFailedPrecondition, []string{"gives no reason"}},
		"job forgotten":         {[]string{`{"error_code":"ROMA.00110006","error_msg":"The resource does not exist."}`}, sdk.CodeUnknown, []string{"ROMA.00110006", "roma_show_asset_job", "job_id j"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Stub(t, quick, chainRoutes(tc.states...))
			r := h.Do(t, "roma_export_assets", plugintest.Object{"instance_id": "i", "apps": []string{"a"}})
			plugintest.WantFailure(t, r, tc.code, tc.texts...)
		})
	}
}

func TestExportWithoutJobID(t *testing.T) {
	t.Parallel()
	h := plugintest.Stub(t, quick, plugintest.Routes{"/v2/p/instances/i/assets/export": plugintest.Answer(`{}`)})
	r := h.Do(t, "roma_export_assets", plugintest.Object{"instance_id": "i", "apps": []string{"a"}})
	plugintest.WantFailure(t, r, sdk.CodeUnavailable, "without a job_id")
}

// TestUnknownStatusIsNoEnd also has an archive_id that comes late and a percentage that runs wild.
func TestUnknownStatusIsNoEnd(t *testing.T) {
	t.Parallel()
	zip, _ := plugintest.Start(t, quick, emulator.Config{}).Cloud.Content("roma/" + emulator.ROMAArchiveID)
	routes := chainRoutes(`{"status":"Queued","progress_percent":35}`, `{"status":""}`, `{"status":"Success","progress_percent":-1}`, `{"status":"Success","archive_id":"a"}`)
	routes["/v2/p/instances/i/assets/archives/a"] = plugintest.Answer(string(zip))
	r := plugintest.Stub(t, quick, routes).Do(t, "roma_export_assets", plugintest.Object{"instance_id": "i", "apps": []string{"a"}})
	out := sdktest.Decode[exportOut](t, r)
	if len(out.Artifacts) != 1 || out.Artifacts[0].Name != "asset_a.zip" || out.Artifacts[0].Size != int64(len(zip)) {
		t.Errorf("got %+v", out)
	}
	plugintest.WantRising(t, r.Progress, 100, 90, "waiting for the job")
}
