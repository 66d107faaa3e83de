package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// looksForArchive is how often a job that has succeeded may be seen without its archive_id.
const looksForArchive = 10

// await polls until the job has succeeded and returns the archive's id.
func (s service) await(ctx context.Context, meter *meter, in exportIn, id string) (string, error) {
	waiting, cancel := huaweicloud.BeforeDeadline(ctx, 0.25, 5*time.Minute)
	defer cancel()
	var now job
	without := 0
	err := huaweicloud.Poll(waiting, s.pace.first, s.pace.most, func(ctx context.Context) (bool, error) {
		look, err := s.job(ctx, in.Target, in.InstanceID, id)
		if err != nil {
			return false, huaweicloud.Begun(err, wayOn(in, id))
		}
		now = look
		meter.report(5+80*fraction(now), 89, fmt.Sprintf("waiting for the job %s: %s", id, huaweicloud.Clean(now.Status, 60)))
		switch {
		case now.Status == failed:
			return true, jobFailed(now)
		case now.Status == finished:
			return true, archiveTaken(id)
		case now.Status != succeeded:
			return false, nil
		case now.ArchiveID == "":
			if without++; without == looksForArchive {
				return true, noArchive(in, id)
			}
		}
		return now.ArchiveID != "", nil
	})
	if huaweicloud.TimedOut(ctx, err) {
		return "", &sdk.Error{
			Code: sdk.CodeDeadlineExceeded, Source: sdk.SourceCloud, Cause: err,
			Message: fmt.Sprintf("the job has not ended in time, its last status is %q. %s", huaweicloud.Clean(now.RawStatus, 60), wayOn(in, id)),
		}
	}
	return now.ArchiveID, err
}

func fraction(j job) float64 {
	if j.ProgressPercent == nil {
		return 0
	}
	return max(0, min(1, *j.ProgressPercent))
}

func wayOn(in exportIn, id string) string {
	return fmt.Sprintf("The job goes on in the cloud: follow it with roma_show_asset_job, instance_id %s, job_id %s; "+
		"once it has succeeded, roma_download_asset_archive fetches its archive.", in.InstanceID, id)
}

func jobFailed(j job) error {
	const most = 5
	var texts []string
	for _, r := range j.Reasons[:min(len(j.Reasons), most)] {
		texts = append(texts, huaweicloud.Clean(fmt.Sprintf("%s %q: %s %s", r.ResourceType, r.ResourceName, r.ErrorCode, r.ErrorMsg), 400))
	}
	if more := len(j.Reasons) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more, see roma_show_asset_job", more))
	}
	if texts == nil {
		texts = []string{"ROMA gives no reason"}
	}
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourceCloud,
		Message: fmt.Sprintf("the export failed in the cloud, job %s: %s. Correct or leave out what is named, then call roma_export_assets again.",
			j.JobID, strings.Join(texts, "; ")),
	}
}

func archiveTaken(id string) error {
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourceCloud,
		Message: fmt.Sprintf("the job %s has ended, but somebody else has downloaded its archive already, which the cloud allows once; "+
			"call roma_export_assets again for a new one", id),
	}
}

func noArchive(in exportIn, id string) error {
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceCloud,
		Message: fmt.Sprintf("the job has succeeded, but ROMA names no archive_id. Look again with roma_show_asset_job, instance_id %s, job_id %s; "+
			"roma_download_asset_archive takes the archive_id once it is there.", in.InstanceID, id),
	}
}
