package main

import (
	"strings"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestDownloadTemplate(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for name, tc := range map[string]struct {
		arguments     plugintest.Object
		content, file string
	}{
		"default": {plugintest.Object{}, "htap/" + emulator.HTAPInstanceID, "htap_import_template.xlsx"},
		"English": {plugintest.Object{"template_type": "import_async", "language": "en-us"}, "htap/" + emulator.HTAPInstanceID, "htap_import_template.xlsx"},
		"Chinese": {plugintest.Object{"language": "zh-cn"}, "htap/" + emulator.HTAPInstanceID + "/zh-cn", "HTAP数据同步模板.xlsx"},
	} {
		tc.arguments["instance_id"] = emulator.HTAPInstanceID
		got := sdktest.Decode[templateOut](t, h.Do(t, "htap_download_template", tc.arguments))
		if got.InstanceID != emulator.HTAPInstanceID || len(got.Artifacts) != 1 {
			t.Fatalf("%s: got %+v", name, got)
		}
		a := got.Artifacts[0]
		h.WantStored(t, a, tc.content)
		if a.Name != tc.file || !strings.HasSuffix(a.MediaType, "spreadsheetml.sheet") {
			t.Errorf("%s: named %q, of type %q", name, a.Name, a.MediaType)
		}
		if a.Source.Operation != "DownloadImportExcelTemplate" || a.Source.RequestID == "" || a.Source.IDs["instance_id"] != emulator.HTAPInstanceID {
			t.Errorf("%s: source %+v", name, a.Source)
		}
	}
}

func TestDownloadTemplateExplainsOtherIDs(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for id, words := range map[string][]string{
		emulator.TaurusDBInstanceID:        {"TaurusDB instance", "htap_list_instances"},
		emulator.LightweightHTAPInstanceID: {"lightweight HTAP", "ClickHouse", "no such template", "htap_list_instances"},
		strings.Repeat("a", 32) + "no07":   {"not an instance id", "htap_list_instances"},
	} {
		plugintest.WantFailure(t, h.Do(t, "htap_download_template", plugintest.Object{"instance_id": id}), sdk.CodeInvalidArgument, append(words, "instance_id")...)
	}
	if requests := h.Cloud.Requests(); len(requests) != 0 {
		t.Errorf("the cloud was asked: %+v", requests)
	}
}

func TestDownloadTemplateUnderFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault emulator.Fault
		code  sdk.Code // empty: the download succeeds all the same
		words []string
	}{
		"broken once":        {fault: emulator.Fault{Kind: emulator.FaultTruncate, Times: 1}},
		"reset once":         {fault: emulator.Fault{Kind: emulator.FaultReset, Times: 1}},
		"throttled once":     {fault: emulator.Fault{Kind: emulator.FaultThrottle, Times: 1}},
		"proxy page once":    {fault: emulator.Fault{Kind: emulator.FaultHTML, Times: 1}},
		"slow":               {fault: emulator.Fault{Kind: emulator.FaultSlow}},
		"always broken":      {emulator.Fault{Kind: emulator.FaultTruncate}, sdk.CodeUnavailable, []string{"Nothing was stored"}},
		"an error as a file": {emulator.Fault{Kind: emulator.FaultWrongType}, sdk.CodeUnknown, []string{"DBS.200005"}},
		"refused":            {emulator.Fault{Kind: emulator.FaultStatus, Status: 403}, sdk.CodePermissionDenied, []string{"DBS.200005", "request id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Start(t, newPlugin, emulator.Config{})
			h.Cloud.SetFaults(tc.fault)
			result := h.Do(t, "htap_download_template", plugintest.Object{"instance_id": emulator.HTAPInstanceID})
			if tc.code != "" {
				plugintest.WantFailure(t, result, tc.code, tc.words...)
				return
			}
			h.WantStored(t, sdktest.Decode[templateOut](t, result).Artifacts[0], "htap/"+emulator.HTAPInstanceID)
			for n := 1; n < len(result.Progress); n++ {
				if result.Progress[n].Done < result.Progress[n-1].Done {
					t.Errorf("the progress falls: %+v", result.Progress)
				}
			}
		})
	}
}

func TestDownloadTemplateEndsWhenCancelled(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	h.Cloud.SetFaults(emulator.Fault{Kind: emulator.FaultGone})
	ctx := h.CanceledAt(t, "/htap/template")
	plugintest.WantFailure(t, h.Call(ctx, "htap_download_template", plugintest.Object{"instance_id": emulator.HTAPInstanceID}), sdk.CodeCanceled, "cancel")
	if ctx.Err() == nil {
		t.Error("the call ended before it was cancelled")
	}
}
