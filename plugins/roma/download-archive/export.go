package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type exportIn struct {
	InstanceID string   `json:"instance_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the ROMA instance, from roma_list_instances."`
	Apps       []string `json:"apps" jsonschema:"minItems=1,maxItems=100,uniqueItems=true,pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Ids of the applications whose assets to export, from roma_list_apps."`
	Tasks      []string `json:"tasks,omitempty" jsonschema:"maxItems=100,uniqueItems=true,pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Ids of data integration (FDI) tasks to export as well; none by default."`
	Wait       bool     `json:"wait,omitempty" jsonschema:"default=true" jsonschema_description:"Whether to wait for the job and download the archive. With false only the job is started."`
	huaweicloud.Target
}

type exportOut struct {
	JobID     string         `json:"job_id" jsonschema_description:"Id of the job, for roma_show_asset_job."`
	ArchiveID string         `json:"archive_id,omitempty" jsonschema_description:"Id of the archive, which has been downloaded and is gone from the cloud; absent with wait=false."`
	Artifacts []sdk.Artifact `json:"artifacts,omitempty" jsonschema_description:"The downloaded archive, a zip; absent with wait=false."`
}

func (s service) exportTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "roma_export_assets",
		Title: "Export ROMA assets",
		Description: "Exports the assets of ROMA Connect applications as a zip archive: starts the job, waits for it and downloads the archive. " +
			"roma_list_apps gives the ids. A user can have one asset job at a time. With wait=false it only starts the job, " +
			"to be followed with roma_show_asset_job.",
		Hints:    sdk.Hints{ReadOnly: false, Destructive: false, Idempotent: false, OpenWorld: true},
		Timeout:  30 * time.Minute,
		Complete: sdk.Completers{"instance_id": s.completeInstance(), "apps": s.completeApp()},
	}, s.export)
}

func (s service) export(ctx context.Context, call *sdk.Call, in exportIn) (exportOut, error) {
	if err := checkExport(in); err != nil {
		return exportOut{}, err
	}
	meter := &meter{call: call}
	if in.Wait {
		meter.report(1, 90, "starting the export")
	}
	id, err := s.start(ctx, in)
	if err != nil || !in.Wait {
		return exportOut{JobID: id}, err
	}
	call.Background()
	archiveID, err := s.await(ctx, meter, in, id)
	if err != nil {
		return exportOut{}, err
	}
	meter.report(90, 90, "the export has succeeded; downloading the archive "+archiveID)
	got, err := s.fetch(ctx, call, archive{Target: in.Target, instance: in.InstanceID, id: archiveID, progress: meter.download})
	if err != nil {
		return exportOut{}, notFetched(err, in, id, archiveID)
	}
	return exportOut{JobID: id, ArchiveID: archiveID, Artifacts: []sdk.Artifact{got.Artifact}}, nil
}

func checkExport(in exportIn) error {
	pairs := [][2]string{{"instance_id", in.InstanceID}}
	for _, id := range in.Apps {
		pairs = append(pairs, [2]string{"apps", id})
	}
	for _, id := range in.Tasks {
		pairs = append(pairs, [2]string{"tasks", id})
	}
	return checkIDs(pairs...)
}

type idRef struct {
	ID string `json:"id"`
}

func idRefs(ids []string) []idRef {
	refs := make([]idRef, len(ids)) // never nil: newer documents demand a list of tasks, older ones let it be empty
	for n, id := range ids {
		refs[n].ID = id
	}
	return refs
}

// start calls ExportAsset (https://support.huaweicloud.com/intl/en-us/api-roma/ExportAsset.html) and returns the job's id.
func (s service) start(ctx context.Context, in exportIn) (string, error) {
	var reply struct {
		JobID string `json:"job_id"`
	}
	request := onInstance("ExportAsset", in.InstanceID, "assets", "export")
	request.Method = http.MethodPost
	request.Body = map[string][]idRef{"apps": idRefs(in.Apps), "tasks": idRefs(in.Tasks)}
	response, err := s.cloud.JSON(ctx, in.Target, request, &reply)
	switch {
	case err != nil && strings.Contains(err.Error(), "ROMA.10012"):
		return "", huaweicloud.Explain(err, "ROMA runs one asset job at a time for each user: follow the one that is running with roma_show_asset_job, by the job_id "+
			"that roma_export_assets returned for it. It may also be one from the console or an import; then wait a minute before the next try.")
	case huaweicloud.Says(err, sdk.CodeNotFound, sdk.CodeInvalidArgument):
		return "", huaweicloud.Explain(err, "roma_list_instances gives the instance_id, roma_list_apps the ids of the applications.")
	case err == nil && reply.JobID == "":
		return "", &sdk.Error{
			Code: sdk.CodeUnavailable, Source: sdk.SourceCloud,
			Message: fmt.Sprintf("ROMA answered the export without a job_id (request id %q), so the job cannot be followed; "+
				"check the region and the endpoint settings, then call again", huaweicloud.Clean(response.RequestID, 80)),
		}
	}
	return reply.JobID, err
}

// notFetched adds to the error of the chain's download what became of the archive. Once the request was sent nobody may
// be told to send another: only the job's status shows whether there is still something to fetch.
func notFetched(err error, in exportIn, id, archive string) error {
	switch {
	case isLost(err):
		return err
	case huaweicloud.NothingSent(err):
		return huaweicloud.Begun(err, fmt.Sprintf("The export itself succeeded: fetch its archive with roma_download_asset_archive, instance_id %s, archive_id %s.", in.InstanceID, archive))
	}
	return huaweicloud.Begun(err, fmt.Sprintf("The export itself succeeded; roma_show_asset_job, instance_id %s, job_id %s, shows whether its archive %s is still there.", in.InstanceID, id, archive))
}

// isLost reports whether an error says itself what became of the archive.
func isLost(err error) bool { return sdk.AsError(err).Code == sdk.CodeDataLoss }
