package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

const tool = "rfs_show_template_version_content"

func TestContent(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for name, tc := range map[string]struct {
		template, version string // version as given
		want              string // version that comes
		file, mediaType   string
	}{
		"latest":              {emulator.RFSTemplateName, "", "V3", "my_first_template-V3.tf", "text/plain; charset=utf-8"},
		"an older one":        {emulator.RFSTemplateName, "V1", "V1", "my_first_template-V1.tf", "text/plain; charset=utf-8"},
		"V10, not V9":         {emulator.RFSManyVersionsTemplateName, "", "V10", "my_second_template-V10.tf", "text/plain; charset=utf-8"},
		"Chinese":             {emulator.RFSChineseTemplateName, "V2", "V2", "网络模板-V2.tf", "text/plain; charset=utf-8"},
		"JSON":                {emulator.RFSJSONTemplateName, "", "V1", "json_syntax-V1.tf.json", "application/json"},
		"text before the zip": {emulator.RFSZipTemplateName, "V1", "V1", "landing-zone-V1.tf", "text/plain; charset=utf-8"},
	} {
		arguments := plugintest.Object{"template_name": tc.template}
		if tc.version != "" {
			arguments["version_id"] = tc.version
		}
		got := sdktest.Decode[contentOut](t, h.Do(t, tool, arguments))
		if got.TemplateName != tc.template || got.VersionID != tc.want || got.Kind != "text" || got.Truncated || len(got.Artifacts) != 1 {
			t.Fatalf("%s: got %+v", name, got)
		}
		content := "rfs/" + tc.template + "/" + tc.want
		h.WantStored(t, got.Artifacts[0], content)
		if body, _ := h.Cloud.Content(content); got.Content != string(body) {
			t.Errorf("%s: content %q", name, got.Content)
		}
		if a := got.Artifacts[0]; a.Name != tc.file || a.MediaType != tc.mediaType {
			t.Errorf("%s: named %q, of type %q", name, a.Name, a.MediaType)
		}
		wantIDs := map[string]string{"template_name": tc.template, "version_id": tc.want}
		source := got.Artifacts[0].Source
		if diff := cmp.Diff(wantIDs, source.IDs); diff != "" || source.Operation != "ShowTemplateVersionContent" || source.RequestID == "" {
			t.Errorf("%s: source %+v", name, source)
		}
	}
}

func TestContentOfZip(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	got := sdktest.Decode[contentOut](t, h.Do(t, tool, plugintest.Object{"template_name": emulator.RFSZipTemplateName}))
	if got.VersionID != "V2" || got.Kind != "zip" || got.Content != "" || got.Truncated {
		t.Errorf("got %+v", got)
	}
	h.WantStored(t, got.Artifacts[0], "rfs/"+emulator.RFSZipTemplateName+"/V2")
	if got.Artifacts[0].Name != "landing-zone-V2.zip" || got.Artifacts[0].MediaType != "application/zip" {
		t.Errorf("artifact %+v", got.Artifacts[0])
	}
}

func TestNoCredentialReachesTheStore(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	result := h.Do(t, tool, plugintest.Object{"template_name": emulator.RFSTemplateName})
	sdktest.Decode[contentOut](t, result)
	for _, request := range h.Cloud.Requests() {
		for _, name := range request.Headers {
			if request.Service == "OBS" && name != "User-Agent" && name != "Accept-Encoding" {
				t.Errorf("OBS was sent the header %s", name)
			}
		}
	}
	if strings.Contains(string(result.JSON), "Signature") {
		t.Errorf("the result shows the link: %s", result.JSON)
	}
}

func TestContentUnderFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault emulator.Fault
		code  sdk.Code // empty: the content arrives all the same
		words []string
	}{
		"link expired once":       {fault: emulator.Fault{Service: "OBS", Kind: emulator.FaultExpiredLink, Times: 1}},
		"broken once":             {fault: emulator.Fault{Service: "OBS", Kind: emulator.FaultTruncate, Times: 1}},
		"store throttled once":    {fault: emulator.Fault{Service: "OBS", Kind: emulator.FaultThrottle, Times: 1}},
		"service throttled once":  {fault: emulator.Fault{Service: "RFS", Kind: emulator.FaultThrottle, Times: 1}},
		"proxy page once":         {fault: emulator.Fault{Service: "OBS", Kind: emulator.FaultHTML, Times: 1}},
		"link expired each time":  {emulator.Fault{Service: "OBS", Kind: emulator.FaultExpiredLink}, sdk.CodePermissionDenied, []string{"Request has expired"}},
		"always broken":           {emulator.Fault{Service: "OBS", Kind: emulator.FaultTruncate}, sdk.CodeUnavailable, []string{"Nothing was stored"}},
		"an error as a file":      {emulator.Fault{Service: "OBS", Kind: emulator.FaultWrongType}, sdk.CodeUnknown, []string{"InternalError"}},
		"an error as a link":      {emulator.Fault{Service: "RFS", Kind: emulator.FaultWrongType}, sdk.CodeUnknown, []string{"RF.500EMU"}},
		"the object is not there": {emulator.Fault{Service: "OBS", Kind: emulator.FaultStatus, Status: 404}, sdk.CodeNotFound, []string{"InternalError"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Start(t, newPlugin, emulator.Config{})
			h.Cloud.SetFaults(tc.fault)
			result := h.Do(t, tool, plugintest.Object{"template_name": emulator.RFSTemplateName, "version_id": "V3"})
			if tc.code != "" {
				plugintest.WantFailure(t, result, tc.code, append(tc.words, "!Signature=", "!AccessKeyId=")...)
				return
			}
			h.WantStored(t, sdktest.Decode[contentOut](t, result).Artifacts[0], "rfs/"+emulator.RFSTemplateName+"/V3")
		})
	}
}

// TestExpiredLinkIsRenewedOnce counts the links that RFS was asked for.
func TestExpiredLinkIsRenewedOnce(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	h.Cloud.SetFaults(emulator.Fault{Service: "OBS", Kind: emulator.FaultExpiredLink})
	plugintest.WantFailure(t, h.Do(t, tool, plugintest.Object{"template_name": emulator.RFSTemplateName, "version_id": "V3"}), sdk.CodePermissionDenied)
	count := map[string]int{}
	for _, request := range h.Cloud.Requests() {
		count[request.Service]++
	}
	if diff := cmp.Diff(map[string]int{"RFS": 2, "OBS": 2}, count); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestContentEndsWithTheCall(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"RFS", "OBS"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Start(t, newPlugin, emulator.Config{})
			h.Cloud.SetFaults(emulator.Fault{Service: service, Kind: emulator.FaultStall}, emulator.Fault{Service: service, Kind: emulator.FaultGone})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			plugintest.WantFailure(t, h.Call(ctx, tool, plugintest.Object{"template_name": emulator.RFSTemplateName}), sdk.CodeDeadlineExceeded)
		})
	}
}

func TestWholeRunes(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]string{"": "", "abc": "abc", "网": "网", "a网络"[:5]: "a网", "a网络"[:6]: "a网", "a😀"[:4]: "a"} {
		if got := wholeRunes([]byte(head)); got != want {
			t.Errorf("%q: got %q, want %q", head, got, want)
		}
	}
}

func TestDescribeSaysWhatIsCut(t *testing.T) {
	t.Parallel()
	preview := &sdk.Preview{Kind: "zip"}
	for name, tc := range map[string]struct {
		result huaweicloud.DownloadResult
		want   contentOut
	}{
		"zip":      {huaweicloud.DownloadResult{Kind: huaweicloud.KindZIP}, contentOut{Kind: "zip"}},
		"workbook": {huaweicloud.DownloadResult{Kind: huaweicloud.KindXLSX}, contentOut{Kind: "zip"}},
		"text":     {huaweicloud.DownloadResult{Kind: huaweicloud.KindText, Head: []byte("abc")}, contentOut{Kind: "text", Content: "abc"}},
		"big text": {huaweicloud.DownloadResult{Kind: huaweicloud.KindJSON, Head: []byte("{")}, contentOut{Kind: "text", Content: "{", Truncated: true}},
		"binary":   {huaweicloud.DownloadResult{Kind: huaweicloud.KindBinary, Head: []byte{0}}, contentOut{Kind: "binary"}},
	} {
		tc.result.Artifact, tc.want.Artifacts = sdk.Artifact{Size: 3, Preview: preview}, []sdk.Artifact{{Size: 3, Preview: preview}}
		if tc.want.Kind == "text" {
			tc.want.Artifacts[0].Preview = nil // the content itself is there
		}
		if diff := cmp.Diff(tc.want, describe(contentIn{}, tc.result)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
