package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type progressIn struct {
	AsyncJobID string `json:"async_job_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the export, from drs_export_template; not a task id."`
	huaweicloud.Target
}

type progressOut struct {
	AsyncJobID    string `json:"async_job_id" jsonschema_description:"Id of the export."`
	Status        string `json:"status" jsonschema_description:"Status in lower case: pending, success or failed; anything else means not known to have ended."`
	ProcessStatus string `json:"process_status" jsonschema_description:"The status as DRS writes it."`
	Terminal      bool   `json:"terminal" jsonschema_description:"Whether the export has ended."`
	Succeeded     bool   `json:"succeeded" jsonschema_description:"Whether it has ended well: its files are in drs_list_templates."`
}

func (s service) progressTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "drs_show_export_progress",
		Title: "Show a DRS export's progress",
		Description: "Shows how far an export is that drs_export_template started with wait=false or stopped waiting for. " +
			"Once it has succeeded, drs_list_templates shows its files and drs_download_template fetches them.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout: 2 * time.Minute,
	}, s.showProgress)
}

func (s service) showProgress(ctx context.Context, _ *sdk.Call, in progressIn) (progressOut, error) {
	if err := huaweicloud.CheckID("async_job_id", in.AsyncJobID, 64); err != nil {
		return progressOut{}, err
	}
	out, err := s.progress(ctx, in.Target, in.AsyncJobID)
	if huaweicloud.Says(err, sdk.CodeNotFound, sdk.CodeInvalidArgument) {
		err = huaweicloud.Explain(err, "The id must be the async_job_id that drs_export_template returned, not that of a task.")
	}
	return out, err
}

// progress calls ShowExportProgress (https://support.huaweicloud.com/intl/en-us/api-drs/drs_03_0302.html). Only
// "pending" is documented there, and "success" and "failed" for its siblings, so no other word counts as an end.
func (s service) progress(ctx context.Context, t huaweicloud.Target, id string) (progressOut, error) {
	var reply struct {
		ProcessStatus string `json:"process_status"`
	}
	_, err := s.cloud.JSON(ctx, t, huaweicloud.Request{
		Operation: "ShowExportProgress",
		Path:      []string{"v5", huaweicloud.ProjectSegment, "jobs", "{async_job_id}", "export", "progress"},
		IDs:       map[string]string{"async_job_id": id},
	}, &reply)
	status := strings.ToLower(strings.TrimSpace(reply.ProcessStatus))
	return progressOut{
		AsyncJobID: id, Status: status, ProcessStatus: reply.ProcessStatus,
		Terminal: status == "success" || status == "failed", Succeeded: status == "success",
	}, err
}

// await polls until the export has succeeded.
func (s service) await(ctx context.Context, chain *chain, t huaweicloud.Target, id string) error {
	waiting, cancel := huaweicloud.BeforeDeadline(ctx, 0.1, 5*time.Second)
	defer cancel()
	status := "unknown"
	err := huaweicloud.Poll(waiting, s.pace.first, s.pace.most, func(ctx context.Context) (bool, error) {
		now, err := s.progress(ctx, t, id)
		if err != nil {
			return false, huaweicloud.Begun(err, wayOn(id))
		}
		status = huaweicloud.Clean(now.Status, 60)
		chain.wait(fmt.Sprintf("waiting for the export %s: %s", id, status))
		if now.Terminal && !now.Succeeded {
			return true, exportFailed(id, huaweicloud.Clean(now.ProcessStatus, 60))
		}
		return now.Succeeded, nil
	})
	if huaweicloud.TimedOut(ctx, err) {
		return &sdk.Error{
			Code: sdk.CodeDeadlineExceeded, Source: sdk.SourceCloud, Cause: err,
			Message: fmt.Sprintf("the export has not ended in time, its last status is %q. %s", status, wayOn(id)),
		}
	}
	return err
}

func wayOn(id string) string {
	return fmt.Sprintf("The export %s goes on in the cloud: follow it with drs_show_export_progress; once it has succeeded, "+
		"drs_list_templates shows its files, whose names begin with the task ids, and drs_download_template fetches them.", id)
}

func exportFailed(id, status string) error {
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourceCloud,
		Message: fmt.Sprintf("the export failed in the cloud: process_status %q, async_job_id %s. DRS gives no reason: "+
			"look at the tasks with drs_list_jobs, and export them one by one to find the one that fails. "+
			"DRS documents templates only for some engines, such as MySQL to MySQL and PostgreSQL to PostgreSQL.", status, id),
	}
}
