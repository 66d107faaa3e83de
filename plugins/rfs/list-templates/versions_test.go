package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestListTemplateVersions(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	result := h.Do(t, "rfs_list_template_versions", plugintest.Object{"template_name": emulator.RFSManyVersionsTemplateName})
	got := sdktest.Decode[versionsOut](t, result)
	var ids []string
	for _, v := range got.Versions {
		ids = append(ids, v.VersionID)
	}
	if diff := cmp.Diff(strings.Fields("V10 V9 V8 V7 V6 V5 V4 V3 V2 V1"), ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if got.Truncated || len(result.Progress) == 0 {
		t.Errorf("truncated %v, progress %+v", got.Truncated, result.Progress)
	}
}

func TestListTemplateVersionsOfChineseName(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	const id = "1b15e005-bdbb-4bd7-8f9a-a09b6774b4b3"
	got := sdktest.Decode[versionsOut](t, h.Do(t, "rfs_list_template_versions",
		plugintest.Object{"template_name": emulator.RFSChineseTemplateName, "template_id": id}))
	want := versionsOut{TemplateID: id, TemplateName: emulator.RFSChineseTemplateName, Versions: []rfs.Version{
		{VersionID: "V2", VersionDescription: "version 2 of 网络模板", CreateTime: "2023-05-11T09:00:00Z"},
		{VersionID: "V1", VersionDescription: "version 1 of 网络模板", CreateTime: "2023-05-11T08:00:00Z"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestListTemplateVersionsOfNoTemplate(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	plugintest.WantFailure(t, h.Do(t, "rfs_list_template_versions", plugintest.Object{"template_name": "nobody"}), sdk.CodeNotFound, "RF.404EMU")
	plugintest.WantFailure(t, h.Do(t, "rfs_list_template_versions",
		plugintest.Object{"template_name": emulator.RFSJSONTemplateName, "template_id": emulator.RFSTemplateID}), sdk.CodeInvalidArgument, "does not match")
}

func TestTemplateNameSchema(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for name, want := range map[string]bool{
		"a": true, "网络模板": true, "landing-zone_2": true, "〇一": true, strings.Repeat("网", 128): true,
		"": false, "..": false, "a/b": false, "a b": false, "2nd": false, "-a": false, "a.tf": false, "a\n": false, strings.Repeat("a", 129): false,
	} {
		if got := h.Accepts("rfs_list_template_versions", plugintest.Object{"template_name": name}); got != want {
			t.Errorf("the schema takes %q: %v, want %v", name, got, want)
		}
	}
	if h.Accepts("rfs_list_template_versions", plugintest.Object{"template_name": "a", "template_id": "../../" + strings.Repeat("a", 30)}) {
		t.Error("the schema takes a path as template_id")
	}
}
