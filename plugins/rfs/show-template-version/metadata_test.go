package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestTemplateMetadata(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	got := sdktest.Decode[templateOut](t, h.Do(t, "rfs_show_template_metadata", plugintest.Object{"template_name": emulator.RFSChineseTemplateName}))
	want := templateOut{
		TemplateID: "1b15e005-bdbb-4bd7-8f9a-a09b6774b4b3", TemplateName: emulator.RFSChineseTemplateName, TemplateDescription: "一个虚拟私有云",
		CreateTime: "2023-05-11T08:00:00Z", UpdateTime: "2023-05-11T09:00:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	// No description is no field.
	sdktest.Decode[templateOut](t, h.Do(t, "rfs_show_template_metadata", plugintest.Object{"template_name": emulator.RFSZipTemplateName}))
}

func TestVersionMetadata(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	got := sdktest.Decode[versionOut](t, h.Do(t, "rfs_show_template_version_metadata",
		plugintest.Object{"template_name": emulator.RFSTemplateName, "version_id": "V2", "template_id": emulator.RFSTemplateID}))
	want := versionOut{
		TemplateID: emulator.RFSTemplateID, TemplateName: emulator.RFSTemplateName, VersionID: "V2",
		VersionDescription: "version 2 of " + emulator.RFSTemplateName, CreateTime: "2023-05-09T09:00:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for _, tool := range []string{"rfs_show_template_metadata", "rfs_show_template_version_metadata", "rfs_show_template_version_content"} {
		arguments := plugintest.Object{"template_name": "nobody"}
		if tool != "rfs_show_template_metadata" {
			arguments["version_id"] = "V1"
		}
		plugintest.WantFailure(t, h.Do(t, tool, arguments), sdk.CodeNotFound, "RF.404EMU", "list tools")
		arguments["template_name"], arguments["template_id"] = emulator.RFSJSONTemplateName, emulator.RFSTemplateID
		plugintest.WantFailure(t, h.Do(t, tool, arguments), sdk.CodeInvalidArgument, "does not match")
	}
	for _, tool := range []string{"rfs_show_template_version_metadata", "rfs_show_template_version_content"} {
		plugintest.WantFailure(t, h.Do(t, tool, plugintest.Object{"template_name": emulator.RFSTemplateName, "version_id": "V4"}), sdk.CodeNotFound, "version")
	}
	plugintest.WantFailure(t, h.Do(t, "rfs_show_template_version_content", plugintest.Object{"template_name": "nobody"}), sdk.CodeNotFound, "RF.404EMU")
}

func TestVersionIDSchema(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for id, want := range map[string]bool{
		"V1": true, "V10": true, "V9999999999": true,
		"": false, "V": false, "v1": false, "1": false, "V1/../V2": false, "V12345678901": false, "V1 x": false, "latest": false,
	} {
		for _, tool := range []string{"rfs_show_template_version_metadata", "rfs_show_template_version_content"} {
			if got := h.Accepts(tool, plugintest.Object{"template_name": "a", "version_id": id}); got != want {
				t.Errorf("%s takes %q: %v, want %v", tool, id, got, want)
			}
		}
	}
	if h.Accepts("rfs_show_template_version_metadata", plugintest.Object{"template_name": "a"}) {
		t.Error("rfs_show_template_version_metadata does without version_id")
	}
}
