package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

var newestFirst = []string{
	emulator.RFSZipTemplateName, emulator.RFSJSONTemplateName, emulator.RFSChineseTemplateName,
	emulator.RFSManyVersionsTemplateName, emulator.RFSTemplateName,
}

func names(list []template) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.TemplateName)
	}
	return out
}

func TestListTemplatesWalksAllPages(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 5, 100} {
		h := plugintest.Start(t, newPlugin, emulator.Config{PageSize: size})
		result := h.Do(t, "rfs_list_templates", plugintest.Object{})
		got := sdktest.Decode[templatesOut](t, result)
		if diff := cmp.Diff(newestFirst, names(got.Templates)); diff != "" {
			t.Errorf("page size %d: names (-want +got):\n%s", size, diff)
		}
		if got.NextMarker != "" {
			t.Errorf("page size %d: the complete list has the marker %q", size, got.NextMarker)
		}
		want := template{
			TemplateID: emulator.RFSTemplateID, TemplateName: emulator.RFSTemplateName, LatestVersionID: "V3",
			TemplateDescription: "Template description", LatestVersionDescription: "version 3 of " + emulator.RFSTemplateName,
			CreateTime: "2023-05-09T08:00:00Z", UpdateTime: "2023-05-09T10:00:00Z",
		}
		if diff := cmp.Diff(want, got.Templates[4]); diff != "" {
			t.Errorf("page size %d: template (-want +got):\n%s", size, diff)
		}
		if size == 2 && (len(result.Progress) != 2 || result.Progress[1].Done != 4 || result.Progress[1].Message != "4 templates so far") {
			t.Errorf("progress %+v", result.Progress)
		}
	}
}

func TestListTemplatesPageByPage(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	first := sdktest.Decode[templatesOut](t, h.Do(t, "rfs_list_templates", plugintest.Object{"limit": 3}))
	if len(first.Templates) != 3 || first.NextMarker == "" {
		t.Fatalf("the first page has %d templates and the marker %q", len(first.Templates), first.NextMarker)
	}
	second := sdktest.Decode[templatesOut](t, h.Do(t, "rfs_list_templates", plugintest.Object{"limit": 3, "marker": first.NextMarker}))
	if second.NextMarker != "" {
		t.Errorf("the last page has the marker %q", second.NextMarker)
	}
	all := append(names(first.Templates), names(second.Templates)...)
	if diff := cmp.Diff(newestFirst, all); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestListTemplatesFaults(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	plugintest.WantFailure(t, h.Do(t, "rfs_list_templates", plugintest.Object{"marker": "bm9uc2Vuc2U="}), sdk.CodeInvalidArgument, "marker", "RF.10011002")

	h.Cloud.SetFaults(emulator.Fault{Kind: emulator.FaultThrottle, Times: 1})
	if got := sdktest.Decode[templatesOut](t, h.Do(t, "rfs_list_templates", plugintest.Object{})); len(got.Templates) != 5 {
		t.Errorf("after one throttled request: %v", names(got.Templates))
	}
	h.Cloud.SetFaults(emulator.Fault{Kind: emulator.FaultStatus, Status: 401})
	plugintest.WantFailure(t, h.Do(t, "rfs_list_templates", plugintest.Object{}), sdk.CodeUnauthenticated, "HUAWEICLOUD_SDK_AK")

	h.Cloud.SetFaults(emulator.Fault{Kind: emulator.FaultWrongType})
	plugintest.WantFailure(t, h.Do(t, "rfs_list_templates", plugintest.Object{}), sdk.CodeUnknown, "RF.500EMU")
}

func TestListTemplatesEndsWithTheCall(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	h.Cloud.SetFaults(emulator.Fault{Kind: emulator.FaultGone})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	plugintest.WantFailure(t, h.Call(ctx, "rfs_list_templates", nil), sdk.CodeDeadlineExceeded)
}

// fake is RFS with a list of the test's making.
func fake(t *testing.T, list http.HandlerFunc) *plugintest.Host {
	t.Helper()
	return plugintest.Stub(t, newPlugin, plugintest.Routes{"GET /v1/p/templates": list})
}

func TestListTemplatesWithoutPages(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"as documented in 2023": `{"templates":[{"template_id":"i","template_name":"n","latest_version_id":"V1","template_description":null}]}`,
		"nulls":                 `{"templates":[{"template_id":"i","template_name":"n","latest_version_id":"V1"}],"page_info":{"next_marker":null}}`,
		"no page at all":        `{"templates":[{"template_id":"i","template_name":"n","latest_version_id":"V1"}],"page_info":null}`,
	} {
		h := fake(t, plugintest.Answer(body))
		got := sdktest.Decode[templatesOut](t, h.Do(t, "rfs_list_templates", plugintest.Object{}))
		want := templatesOut{Templates: []template{{TemplateID: "i", TemplateName: "n", LatestVersionID: "V1"}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	h := fake(t, plugintest.Answer(`{"templates":[]}`))
	if result := h.Do(t, "rfs_list_templates", plugintest.Object{}); string(result.JSON) != `{"templates":[]}` {
		t.Errorf("no templates: got %s and %v", result.JSON, result.Err)
	}
}

func TestListTemplatesStops(t *testing.T) {
	t.Parallel()
	page := func(count int, next string) string {
		one := `{"template_id":"i","template_name":"n","latest_version_id":"V1"}`
		return fmt.Sprintf(`{"templates":[%s],"page_info":{"next_marker":%q}}`, strings.Join(slices.Repeat([]string{one}, count), ","), next)
	}
	h := fake(t, plugintest.Answer(page(1, "again")))
	plugintest.WantFailure(t, h.Do(t, "rfs_list_templates", plugintest.Object{}), sdk.CodeUnavailable, "same next page")

	h = fake(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(page(400, r.URL.Query().Get("marker")+"x")))
	})
	got := sdktest.Decode[templatesOut](t, h.Do(t, "rfs_list_templates", plugintest.Object{}))
	if len(got.Templates) != 1200 || got.NextMarker != "xxx" {
		t.Errorf("got %d templates and the marker %q, want 1200 and xxx", len(got.Templates), got.NextMarker)
	}
	got = sdktest.Decode[templatesOut](t, h.Do(t, "rfs_list_templates", plugintest.Object{"marker": "xxx"}))
	if got.NextMarker != "xxxxxx" {
		t.Errorf("the walk goes on to the marker %q, want xxxxxx", got.NextMarker)
	}
}

func TestListTemplatesSchema(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for _, arguments := range []plugintest.Object{{"limit": 0}, {"limit": 1001}, {"limit": "3"}, {"marker": ""}, {"region": "../x"}, {"offset": 1}} {
		if h.Accepts("rfs_list_templates", arguments) {
			t.Errorf("the schema takes %v", arguments)
		}
	}
}
