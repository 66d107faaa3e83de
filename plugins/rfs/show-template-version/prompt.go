package main

import (
	"context"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
)

type compareIn struct {
	TemplateName string `json:"template_name" jsonschema_description:"Name of the template, case-sensitive."`
	VersionA     string `json:"version_a,omitempty" jsonschema_description:"Id of the older version, such as V2; the one before version_b by default."`
	VersionB     string `json:"version_b,omitempty" jsonschema_description:"Id of the newer version, such as V3; the latest by default."`
}

func comparePrompt(client *huaweicloud.Client) sdk.Prompt {
	return sdk.NewPrompt(sdk.PromptSpec{
		Name:        "compare_rfs_versions",
		Title:       "Compare two versions of an RFS template",
		Description: "Compares two versions of a template of Resource Formation Service and says what the newer one changes.",
		Complete: sdk.Completers{
			"template_name": rfs.CompleteName(client), "version_a": rfs.CompleteVersion(client), "version_b": rfs.CompleteVersion(client),
		},
	}, compare)
}

func compare(_ context.Context, _ *sdk.Call, in compareIn) (sdk.Messages, error) {
	if err := checkCompare(in); err != nil {
		return sdk.Messages{}, err
	}
	return huaweicloud.Say("Compare two versions of an RFS template.",
		"Compare two versions of a template of Resource Formation Service (RFS), and tell me what the newer one changes.",
		versionsStep(in),
		"2. A text is in content; where truncated is true, read the rest with artifact_read and the uri of the artifact. Of a zip, compare the lists of files in the previews, "+
			"and read the files of both with artifact_read and an entry.",
		"3. Report: which versions you compared; the resources, variables, outputs, modules and providers that were added, removed or changed, with the lines; "+
			"which changes would replace or destroy something in a stack that is updated; and what is only a matter of form. Say so if there is no difference.",
		huaweicloud.OnErrors,
	), nil
}

func checkCompare(in compareIn) error {
	if err := huaweicloud.CheckID("template_name", in.TemplateName, 128); err != nil {
		return err
	}
	for _, v := range [][2]string{{"version_a", in.VersionA}, {"version_b", in.VersionB}} {
		if v[1] != "" && !rfs.IsVersionID(v[1]) {
			return sdk.InvalidArgument(v[0], "is no id of a version, which is V and a number, such as V3")
		}
	}
	if in.VersionA != "" && in.VersionA == in.VersionB {
		return sdk.InvalidArgument("version_b", "is the same version as version_a; give another one, or leave it out")
	}
	return nil
}

// versionsStep fetches both versions. A version that is not named is found in the list.
func versionsStep(in compareIn) string {
	const tool = "rfs_show_template_version_content"
	list := huaweicloud.ToolCall("rfs_list_template_versions", map[string]any{"template_name": in.TemplateName})
	switch {
	case in.VersionA != "" && in.VersionB != "":
		return "1. Call " + content(in, in.VersionA) + ", and " + content(in, in.VersionB) + "."
	case in.VersionA != "":
		return "1. Call " + content(in, in.VersionA) + ", and " + content(in, "") + " for the latest version. If that is the same one, ask me which other version I mean."
	case in.VersionB != "":
		return "1. Call " + list + " for the version before " + in.VersionB + ": the numbers count, not the texts. Then call " + content(in, in.VersionB) +
			", and " + tool + " for the one before."
	}
	return "1. Call " + list + " for the two latest versions: the numbers count, not the texts. Then call " + tool + " with the template_name and the version_id of each. " +
		"If there is only one version, say so and stop."
}

func content(in compareIn, version string) string {
	arguments := map[string]any{"template_name": in.TemplateName}
	if version != "" {
		arguments["version_id"] = version
	}
	return huaweicloud.ToolCall("rfs_show_template_version_content", arguments)
}
