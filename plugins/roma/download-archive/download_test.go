package main

import (
	"bytes"
	"net/http"
	"os"
	"sync/atomic"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func archiveArgs() plugintest.Object {
	return plugintest.Object{"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID}
}

func TestDownloadArchive(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	out := sdktest.Decode[downloadOut](t, h.Do(t, "roma_download_asset_archive", archiveArgs()))
	h.WantStored(t, out.Artifacts[0], "roma/"+emulator.ROMAArchiveID)
	again := sdktest.Decode[downloadOut](t, h.Do(t, "roma_download_asset_archive", archiveArgs()))
	if out.Repeated || !again.Repeated || again.Artifacts[0].SHA256 != out.Artifacts[0].SHA256 || h.Sent("/assets/archives/") != 1 {
		t.Errorf("the repeat brought %+v with %d requests in all", again, h.Sent("/assets/archives/"))
	}
}

// TestArchiveOfAnother asks for what somebody else has downloaded, which is no request to journal as lost.
func TestArchiveOfAnother(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	args := archiveArgs()
	args["archive_id"] = "0123456789abcdef"
	for range 2 {
		plugintest.WantFailure(t, h.Do(t, "roma_download_asset_archive", args), sdk.CodeNotFound,
			"only once", "roma_export_assets", "job_id is not an archive_id")
	}
}

// TestAskAgain repeats a request that the cloud answered with an error: not without being told to.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	h.Cloud.SetFaults(emulator.Fault{Kind: emulator.FaultStatus, PathContains: "/assets/archives/"})
	plugintest.WantFailure(t, h.Do(t, "roma_download_asset_archive", archiveArgs()), sdk.CodeUnavailable, "not sent again", "ask_again=true")
	h.Cloud.SetFaults()
	plugintest.WantFailure(t, h.Do(t, "roma_download_asset_archive", archiveArgs()), sdk.CodeDataLoss, "ask_again=true")
	if sent := h.Sent("/assets/archives/"); sent != 1 {
		t.Fatalf("%d requests were sent", sent)
	}
	args := archiveArgs()
	args["ask_again"] = true
	out := sdktest.Decode[downloadOut](t, h.Do(t, "roma_download_asset_archive", args))
	h.WantStored(t, out.Artifacts[0], "roma/"+emulator.ROMAArchiveID)
}

// TestBrokenDownload has every way in which the one download can go wrong: in each, one request is sent, and what is
// known is said.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	broken := []string{"only once", "roma_export_assets", "kept in", "!roma_download_asset_archive"}
	refused := []string{"not sent again", "roma_export_assets", "ask_again=true"}
	for name, tc := range map[string]struct {
		fault emulator.Fault
		code  sdk.Code
		kept  bool
		texts []string
	}{
		"truncated":       {emulator.Fault{Kind: emulator.FaultTruncate, After: 70_000}, sdk.CodeDataLoss, true, append(broken, "70000 of ")},
		"reset":           {emulator.Fault{Kind: emulator.FaultReset, After: 70_000}, sdk.CodeDataLoss, false, []string{"only once", "roma_export_assets", "!roma_download_asset_archive"}},
		"reset at once":   {emulator.Fault{Kind: emulator.FaultReset, After: -1}, sdk.CodeUnavailable, false, refused},
		"error as a file": {emulator.Fault{Kind: emulator.FaultWrongType}, sdk.CodeUnknown, false, append(refused, "ROMA.00000101")},
		"web page":        {emulator.Fault{Kind: emulator.FaultHTML}, sdk.CodeUnavailable, false, append(refused, "502 Bad Gateway")},
		"500":             {emulator.Fault{Kind: emulator.FaultStatus}, sdk.CodeUnavailable, false, append(refused, "HTTP 500")},
		"throttled":       {emulator.Fault{Kind: emulator.FaultThrottle}, sdk.CodeResourceExhausted, false, []string{"APIGW.0308", "!ask_again"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
			tc.fault.PathContains = "/assets/archives/"
			for n, call := range []func() sdktest.Result{
				func() sdktest.Result { return h.Do(t, "roma_download_asset_archive", archiveArgs()) },
				func() sdktest.Result { return h.Do(t, "roma_export_assets", exportArgs(emulator.ROMAAppID)) },
			} {
				h.Cloud.SetFaults(tc.fault)
				r := call()
				plugintest.WantFailure(t, r, tc.code, tc.texts...)
				if n == 1 && tc.code != sdk.CodeDataLoss {
					plugintest.WantFailure(t, r, tc.code, "roma_show_asset_job", "job_id")
				}
				if tc.kept {
					wantKept(t, h, r)
				}
				if sent := h.Sent("/assets/archives/"); sent != n+1 {
					t.Errorf("%d requests for an archive, want %d", sent, n+1)
				}
			}
		})
	}
}

func wantKept(t *testing.T, h *plugintest.Host, r sdktest.Result) {
	t.Helper()
	if len(r.Kept) != 1 {
		t.Fatalf("kept %v", r.Kept)
	}
	got, err := os.ReadFile(r.Kept[0])
	whole, _ := h.Cloud.Content("roma/" + emulator.ROMAArchiveID)
	if err != nil || len(got) != 70_000 || !bytes.Equal(got[:4], whole[:4]) {
		t.Errorf("kept %d bytes: %v", len(got), err)
	}
}

func TestArchiveThatIsNoZip(t *testing.T) {
	t.Parallel()
	h := plugintest.Stub(t, quick, plugintest.Routes{"/v2/p/instances/i/assets/archives/a": plugintest.Answer("just a text")})
	r := h.Do(t, "roma_download_asset_archive", plugintest.Object{"instance_id": "i", "archive_id": "a"})
	plugintest.WantFailure(t, r, sdk.CodeDataLoss, "roma_export_assets")
	if len(r.Kept) != 1 {
		t.Errorf("kept %v", r.Kept)
	}
}

// TestArchiveUntouched has the failures between the end of the job and the download's request: the archive is still
// there, and the error says how to get it.
func TestArchiveUntouched(t *testing.T) {
	t.Parallel()
	texts := []string{"roma_download_asset_archive", "instance_id i", "archive_id a"}
	for name, tc := range map[string]struct {
		code sdk.Code
		spot func(h *plugintest.Host, expired *atomic.Bool, w http.ResponseWriter)
	}{
		"the network ends": {sdk.CodeUnavailable, func(h *plugintest.Host, _ *atomic.Bool, w http.ResponseWriter) {
			w.Header().Set("Connection", "close")
			_ = h.Server.Listener.Close()
		}},
		"the credential ends": {sdk.CodeUnauthenticated, func(_ *plugintest.Host, expired *atomic.Bool, _ http.ResponseWriter) { expired.Store(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h *plugintest.Host
			var expired atomic.Bool
			routes := chainRoutes("")
			routes["/v2/p/instances/i/assets/jobs/j"] = func(w http.ResponseWriter, r *http.Request) {
				tc.spot(h, &expired, w)
				plugintest.Answer(`{"status":"SUCCEEDED","archive_id":"a"}`)(w, r)
			}
			h = plugintest.Stub(t, func(env huaweicloud.Environment) sdk.Plugin {
				return quick(func(name string) string {
					if name == "HUAWEICLOUD_AUTH_TOKEN" && expired.Load() {
						return ""
					}
					return env(name)
				})
			}, routes)
			r := h.Do(t, "roma_export_assets", plugintest.Object{"instance_id": "i", "apps": []string{"a"}})
			plugintest.WantFailure(t, r, tc.code, texts...)
		})
	}
}
