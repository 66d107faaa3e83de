package main

import (
	"context"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// downloadOperation is the operation that uses an archive up.
const downloadOperation = "DownloadAssetArchive"

type downloadIn struct {
	InstanceID string `json:"instance_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the ROMA instance that made the archive, from roma_list_instances."`
	ArchiveID  string `json:"archive_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the archive, from roma_show_asset_job; not a job_id."`
	huaweicloud.Target
}

type downloadOut struct {
	ArchiveID  string              `json:"archive_id" jsonschema_description:"Id of the archive, which is gone from the cloud now."`
	Artifacts  []sdk.Artifact      `json:"artifacts" jsonschema_description:"The downloaded archive, a zip."`
	Entries    []huaweicloud.Entry `json:"entries" jsonschema_description:"The first files in the archive, at most 200."`
	EntryCount int                 `json:"entry_count" jsonschema_description:"How many files are in the archive."`
}

func (s service) downloadTool() sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name:  "roma_download_asset_archive",
		Title: "Download a ROMA asset archive",
		Description: "Downloads the archive of an asset export by the archive_id that roma_show_asset_job gives. The cloud hands an archive out " +
			"only once: afterwards it is gone there, and a new one is made with roma_export_assets, which also downloads by itself.",
		Hints:   sdk.Hints{ReadOnly: false, Destructive: true, Idempotent: false, OpenWorld: true},
		Timeout: 30 * time.Minute,
	}, s.download)
}

func (s service) download(ctx context.Context, call *sdk.Call, in downloadIn) (downloadOut, error) {
	if err := checkIDs([2]string{"instance_id", in.InstanceID}, [2]string{"archive_id", in.ArchiveID}); err != nil {
		return downloadOut{}, err
	}
	call.Progress(0, 0, "asking for the archive; the cloud hands it out once, so the answer is awaited for up to 5 minutes")
	got, err := s.fetch(ctx, call, nil, in.Target, in.InstanceID, in.ArchiveID)
	if err != nil {
		if huaweicloud.Says(err, sdk.CodeNotFound) {
			err = huaweicloud.Explain(err, "If the archive_id did not come from roma_show_asset_job, look there: a job_id is not an archive_id.")
		}
		return downloadOut{}, err
	}
	return downloadOut{
		ArchiveID: in.ArchiveID, Artifacts: []sdk.Artifact{got.Artifact}, Entries: got.Entries, EntryCount: got.EntryCount,
	}, nil
}

// fetch calls DownloadAssetArchive (https://support.huaweicloud.com/intl/en-us/api-roma/DownloadAssetArchive.html). The
// request is sent once at most; what arrives of a download that breaks is kept.
func (s service) fetch(ctx context.Context, call *sdk.Call, progress func(done, total float64, message string), t huaweicloud.Target, instance, archive string) (huaweicloud.DownloadResult, error) {
	return s.cloud.Download(ctx, t, huaweicloud.Request{
		Operation: downloadOperation, Path: instancePath(instance, "assets", "archives", archive), OnceOnly: true,
	}, call, huaweicloud.Download{
		Name: "asset_" + archive + ".zip", NameFromHeader: true, Expect: huaweicloud.KindZIP,
		IDs:          map[string]string{"instance_id": instance, "archive_id": archive},
		Progress:     progress,
		OnceOnlyHint: "make a new one with roma_export_assets",
	})
}
