package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// TestJobInEveryDialect reads the answers that the documents of different years and sites show.
func TestJobInEveryDialect(t *testing.T) {
	t.Parallel()
	third := 0.35
	why := []reason{{ResourceType: "application", ResourceName: "myApp", ErrorCode: "ROMA.00000101", ErrorMsg: "some error details here"}}
	const list = `[{"resource_type":"application","resource_name":"myApp","error_code":"ROMA.00000101","error_msg":"some error details here"}]`
	for name, tc := range map[string]struct {
		body string
		want job
	}{
		"current, running": {
			`{"id":"j","type":"exportAsset","status":"Running","reason":[],"progress_percent":0.35,"begin_time":"2019-12-06T06:49:04Z"}`,
			job{Status: "running", RawStatus: "Running", Type: "exportAsset", ProgressPercent: &third, BeginTime: "2019-12-06T06:49:04Z"},
		},
		"older, numbers": {
			`{"status":"SUCCEEDED","archive_id":"a","begin_time":1575614944000,"end_time":1575615004500}`,
			job{Status: "succeeded", RawStatus: "SUCCEEDED", ArchiveID: "a", BeginTime: "2019-12-06T06:49:04Z", EndTime: "2019-12-06T06:50:04Z"},
		},
		"numbers as text": {
			`{"status":"RUNNING","begin_time":"1575614944000","end_time":""}`,
			job{Status: "running", RawStatus: "RUNNING", BeginTime: "2019-12-06T06:49:04Z"},
		},
		"numbers with an exponent": {
			`{"status":"RUNNING","begin_time":1.575614944e12,"end_time":0}`,
			job{Status: "running", RawStatus: "RUNNING", BeginTime: "2019-12-06T06:49:04Z"},
		},
		"the other site's success": {`{"status":"Success","archive_id":"a"}`, job{Status: "succeeded", RawStatus: "Success", ArchiveID: "a"}},
		"downloaded":               {`{"status":"Finished"}`, job{Status: "finished", RawStatus: "Finished"}},
		"failed, reason":           {`{"status":"FAILED","reason":` + list + `}`, job{Status: "failed", RawStatus: "FAILED", Reasons: why}},
		"failed, reasons":          {`{"status":"Failed","reasons":` + list + `,"reason":null}`, job{Status: "failed", RawStatus: "Failed", Reasons: why}},
		"failed, one reason":       {`{"status":"Failed","reason":` + list[1:len(list)-1] + `}`, job{Status: "failed", RawStatus: "Failed", Reasons: why}},
		"failed, a text":           {`{"status":"Failed","reason":"no space"}`, job{Status: "failed", RawStatus: "Failed", Reasons: []reason{{ErrorMsg: "no space"}}}},
		"failed, something else":   {`{"status":"Failed","reason":[7]}`, job{Status: "failed", RawStatus: "Failed", Reasons: []reason{{ErrorMsg: "[7]"}}}},
		"a new word":               {`{"status":" Queued ","reason":""}`, job{Status: "queued", RawStatus: " Queued "}},
		"nothing":                  {`{"progress_percent":null}`, job{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Stub(t, quick, plugintest.Routes{"/v2/p/instances/i/assets/jobs/j": plugintest.Answer(tc.body)})
			got := sdktest.Decode[job](t, h.Do(t, "roma_show_asset_job", plugintest.Object{"instance_id": "i", "job_id": "j"}))
			tc.want.JobID = "j"
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownJob(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	r := h.Do(t, "roma_show_asset_job", plugintest.Object{"instance_id": emulator.ROMAInstanceID, "job_id": emulator.ROMAArchiveID})
	plugintest.WantFailure(t, r, sdk.CodeNotFound, "not an archive_id", "roma_export_assets")
}

func FuzzJobFields(f *testing.F) {
	for _, seed := range []string{`[]`, `null`, `"x"`, `1575614944000`, `-1`, `1e400`, `[{"error_code":1}]`, `{"error_msg":"m"}`, `""`, `true`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return // encoding/json never calls the method with it
		}
		var r reasons
		var m moment
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Errorf("reasons: %v", err)
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Errorf("moment: %v", err)
		}
	})
}
