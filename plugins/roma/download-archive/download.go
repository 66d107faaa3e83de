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
	AskAgain   bool   `json:"ask_again,omitempty" jsonschema:"default=false" jsonschema_description:"Ask the cloud once more although an earlier request for this archive failed; only when roma_show_asset_job still shows the archive_id."`
	huaweicloud.Target
}

type downloadOut struct {
	ArchiveID string         `json:"archive_id" jsonschema_description:"Id of the archive, which is gone from the cloud now."`
	Repeated  bool           `json:"repeated" jsonschema_description:"Whether the archive had been downloaded before and comes from the store."`
	Artifacts []sdk.Artifact `json:"artifacts" jsonschema_description:"The archive, a zip; its preview lists the files."`
}

func (s service) downloadTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "roma_download_asset_archive",
		Title: "Download a ROMA asset archive",
		Description: "Downloads the archive of an asset export by the archive_id that roma_show_asset_job gives. The cloud hands an archive out " +
			"only once. Repeating the call is safe: what was downloaded comes from the store, and no second request is sent. " +
			"roma_export_assets makes a new archive and downloads it by itself.",
		Hints:    sdk.Hints{ReadOnly: false, Destructive: true, Idempotent: false, OpenWorld: true},
		Timeout:  30 * time.Minute,
		Complete: sdk.Completers{"instance_id": s.completeInstance()},
	}, s.download)
}

func (s service) download(ctx context.Context, call *sdk.Call, in downloadIn) (downloadOut, error) {
	if err := checkIDs([2]string{"instance_id", in.InstanceID}, [2]string{"archive_id", in.ArchiveID}); err != nil {
		return downloadOut{}, err
	}
	got, err := s.fetch(ctx, call, archive{Target: in.Target, instance: in.InstanceID, id: in.ArchiveID, again: in.AskAgain})
	if err != nil {
		if huaweicloud.Says(err, sdk.CodeNotFound) {
			err = huaweicloud.Explain(err, "If the archive_id did not come from roma_show_asset_job, look there: a job_id is not an archive_id.")
		}
		return downloadOut{}, err
	}
	return downloadOut{ArchiveID: in.ArchiveID, Repeated: got.Repeated, Artifacts: []sdk.Artifact{got.Artifact}}, nil
}

// archive is what to fetch.
type archive struct {
	huaweicloud.Target
	instance, id string
	again        bool
	progress     func(done, total float64, message string) // nil: the call's own
}

// fetch calls DownloadAssetArchive (https://support.huaweicloud.com/intl/en-us/api-roma/DownloadAssetArchive.html). The
// request is sent once at most; what arrives of a download that breaks is kept.
func (s service) fetch(ctx context.Context, call *sdk.Call, a archive) (huaweicloud.DownloadResult, error) {
	request := onInstance(downloadOperation, a.instance, "assets", "archives", "{archive_id}")
	request.IDs["archive_id"] = a.id
	request.OnceOnly = true
	return s.cloud.Download(ctx, a.Target, request, call, huaweicloud.Download{
		Name: "asset_" + a.id + ".zip", NameFromHeader: true, Expect: huaweicloud.KindZIP,
		IDs:          map[string]string{"instance_id": a.instance, "archive_id": a.id},
		Progress:     a.progress,
		Again:        a.again,
		OnceOnlyHint: "make a new one with roma_export_assets",
		AgainHint:    "if roma_show_asset_job still shows the archive_id of its job, call roma_download_asset_archive with ask_again=true",
	})
}
