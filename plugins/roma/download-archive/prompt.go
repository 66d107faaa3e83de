package main

import (
	"context"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type inspectIn struct {
	InstanceID string `json:"instance_id" jsonschema_description:"Id of the ROMA instance."`
	ArchiveID  string `json:"archive_id,omitempty" jsonschema_description:"Id of an archive that an export has made; without it a new export is made."`
	Apps       string `json:"apps,omitempty" jsonschema_description:"Ids of the applications to export, separated by commas; without them you are asked to choose."`
}

func (s service) inspectPrompt() sdk.Prompt {
	return sdk.NewPrompt(sdk.PromptSpec{
		Name:        "inspect_roma_archive",
		Title:       "Inspect a ROMA asset archive",
		Description: "Fetches an archive of ROMA Connect assets, which the cloud hands out only once, and says what is in it.",
		Complete:    sdk.Completers{"instance_id": s.completeInstance(), "apps": huaweicloud.Listed(s.completeApp())},
	}, inspect)
}

func inspect(_ context.Context, _ *sdk.Call, in inspectIn) (sdk.Messages, error) {
	fetch, err := fetchStep(in)
	if err != nil {
		return sdk.Messages{}, err
	}
	return huaweicloud.Say("Fetch a ROMA asset archive and say what is in it.",
		"Fetch an archive of ROMA Connect assets, and tell me what is in it. The cloud hands an archive out only once: warn me of that before you fetch it.",
		fetch,
		"2. Say at once where the archive is now: the path and the uri of the artifact. No second download can bring it back, though the same call answers from the store.",
		"3. Read it: the preview of the artifact lists the files; artifact_read with the uri and an entry reads one of them.",
		"4. Report: the applications and what each holds (APIs, data sources, tasks, and so on) with names and numbers; what they depend on outside the archive; "+
			"and files that are missing, damaged or unexpected. Say where there are secrets, and do not repeat them.",
		huaweicloud.OnErrors+" Never set ask_again unless I ask for it. Of a download that broke, the message says what is kept and whether a new export is needed; "+
			"a job that has not ended goes on, and roma_show_asset_job shows how far it is.",
	), nil
}

func fetchStep(in inspectIn) (string, error) {
	if err := checkIDs([2]string{"instance_id", in.InstanceID}); err != nil {
		return "", err
	}
	apps := huaweicloud.SplitList(in.Apps)
	switch {
	case len(apps) > 100:
		return "", sdk.InvalidArgument("apps", "has %d ids; one export takes 100 at most", len(apps))
	case in.ArchiveID != "" && len(apps) > 0:
		return "", sdk.InvalidArgument("apps", "is for a new export; leave it out, or leave archive_id out")
	case in.ArchiveID != "":
		return "1. Call " + huaweicloud.ToolCall("roma_download_asset_archive", map[string]any{"instance_id": in.InstanceID, "archive_id": in.ArchiveID}) + ".",
			checkIDs([2]string{"archive_id", in.ArchiveID})
	case len(apps) > 0:
		return "1. Call " + huaweicloud.ToolCall("roma_export_assets", map[string]any{"instance_id": in.InstanceID, "apps": apps}) +
			". It makes the archive, which may take minutes, and downloads it.", checkExport(exportIn{InstanceID: in.InstanceID, Apps: apps})
	}
	return "1. Call " + huaweicloud.ToolCall("roma_list_apps", map[string]any{"instance_id": in.InstanceID}) + ", and ask me which applications to export. " +
		"Then call roma_export_assets with the same instance_id and their ids as apps. It makes the archive, which may take minutes, and downloads it.", nil
}
