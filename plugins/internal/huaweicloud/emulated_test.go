package huaweicloud

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/sdk"
)

// TestObjectStoreGoesOn resets the emulated object store's replies at every tenth of a template. The store checks the link's
// signature for each part.
func TestObjectStoreGoesOn(t *testing.T) {
	t.Parallel()
	cloud, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	c, _ := client(t, RFS, environment{})
	c.env = cloud.Getenv
	content, _ := cloud.Content("rfs/" + emulator.RFSTemplateName + "/V1")
	cloud.SetFaults(emulator.Fault{Service: emulator.ServiceOBS, Kind: emulator.FaultCut, After: int64(len(content)/10 + 1)})
	links := 0
	r := run(t, tool(func(ctx context.Context, call *sdk.Call, target Target) (DownloadResult, error) {
		return c.DownloadLink(ctx, Target{}, func(ctx context.Context) (*url.URL, error) {
			links++
			link, _, err := c.Redirect(ctx, target, Request{Operation: "ShowTemplateVersionContent",
				Path: []string{"v1", ProjectSegment, "templates", emulator.RFSTemplateName, "versions", "V1"}})
			return link, err
		}, call, Download{Name: "a", Extensions: map[Kind]string{KindText: ".tf"}})
	}))
	stored(t, r, content)
	var statuses []int
	for _, request := range cloud.Requests() {
		if request.Service == emulator.ServiceOBS {
			statuses = append(statuses, request.Status)
		}
	}
	want := []int{http.StatusOK}
	for range 9 {
		want = append(want, http.StatusPartialContent)
	}
	if diff := cmp.Diff(want, statuses); diff != "" || links != 1 {
		t.Errorf("%d links, replies (-want +got):\n%s", links, diff)
	}
}

// TestOthersBeginAgain breaks a download of a service that knows no ranges.
func TestOthersBeginAgain(t *testing.T) {
	t.Parallel()
	cloud, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	c, _ := client(t, HTAP, environment{})
	c.env = cloud.Getenv
	cloud.SetFaults(emulator.Fault{Service: emulator.ServiceHTAP, Kind: emulator.FaultReset, Times: 2})
	request := Request{
		Operation: "DownloadImportExcelTemplate", Query: url.Values{"template_type": {"import_async"}},
		Path: []string{"v3", ProjectSegment, "instances", emulator.HTAPInstanceID, "htap", "template"},
	}
	r := run(t, downloadTool(c, request, Download{Name: "a", Expect: KindXLSX}))
	content, _ := cloud.Content("htap/" + emulator.HTAPInstanceID)
	stored(t, r, content)
	requests := cloud.Requests()
	for _, request := range requests {
		for _, header := range request.Headers {
			if header == "Range" {
				t.Errorf("asked for a part: %+v", request)
			}
		}
	}
	if len(requests) != 3 {
		t.Errorf("%d requests", len(requests))
	}
}
