package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// The statuses of a job. ROMA writes them in several ways; a word that is none of them is passed on in lower case and
// means that the job is not known to have ended.
const (
	running   = "running"
	succeeded = "succeeded"
	failed    = "failed"
	finished  = "finished" // its archive has been downloaded already
)

type showJobIn struct {
	InstanceID string `json:"instance_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the ROMA instance, from roma_list_instances."`
	JobID      string `json:"job_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the asset job, from roma_export_assets."`
	huaweicloud.Target
}

// job is an asset job, as the tool returns it.
type job struct {
	JobID           string   `json:"job_id" jsonschema_description:"Id of the job."`
	ArchiveID       string   `json:"archive_id,omitempty" jsonschema_description:"Id of the archive, for roma_download_asset_archive; only while the archive has not been downloaded."`
	Status          string   `json:"status" jsonschema_description:"running; succeeded: the archive can be downloaded; failed: see reasons; finished: the archive has been downloaded already. Anything else means not known to have ended."`
	RawStatus       string   `json:"raw_status" jsonschema_description:"The status as ROMA writes it."`
	Type            string   `json:"type,omitempty" jsonschema_description:"Kind of job, as ROMA writes it."`
	ProgressPercent *float64 `json:"progress_percent,omitempty" jsonschema_description:"How much is done, as a fraction from 0 to 1."`
	Reasons         []reason `json:"reasons,omitempty" jsonschema_description:"Why the job failed, per resource."`
	BeginTime       string   `json:"begin_time,omitempty" jsonschema_description:"When the job began, RFC 3339."`
	EndTime         string   `json:"end_time,omitempty" jsonschema_description:"When the job ended, RFC 3339."`
}

type reason struct {
	ResourceType string `json:"resource_type" jsonschema_description:"Kind of resource: application or task."`
	ResourceName string `json:"resource_name" jsonschema_description:"Name of the resource."`
	ErrorCode    string `json:"error_code" jsonschema_description:"ROMA's error code."`
	ErrorMsg     string `json:"error_msg" jsonschema_description:"What went wrong."`
}

func (s service) showJobTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "roma_show_asset_job",
		Title: "Show a ROMA asset job",
		Description: "Shows how far an export is that roma_export_assets started with wait=false or stopped waiting for, why it failed, " +
			"and the archive_id once it has succeeded, which roma_download_asset_archive takes.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  2 * time.Minute,
		Complete: sdk.Completers{"instance_id": s.completeInstance()},
	}, s.showJob)
}

func (s service) showJob(ctx context.Context, _ *sdk.Call, in showJobIn) (job, error) {
	if err := checkIDs([2]string{"instance_id", in.InstanceID}, [2]string{"job_id", in.JobID}); err != nil {
		return job{}, err
	}
	out, err := s.job(ctx, in.Target, in.InstanceID, in.JobID)
	if huaweicloud.Says(err, sdk.CodeNotFound) {
		err = huaweicloud.Explain(err, "The job_id is the one that roma_export_assets returned; it is not an archive_id, and it belongs to one instance.")
	}
	return out, err
}

// job calls CheckAssetJobStatus (https://support.huaweicloud.com/intl/en-us/api-roma/CheckAssetJobStatus.html).
func (s service) job(ctx context.Context, t huaweicloud.Target, instance, id string) (job, error) {
	var reply struct {
		Type            string   `json:"type"`
		Status          string   `json:"status"`
		Reason          reasons  `json:"reason"` // the one or the other, depending on the version
		Reasons         reasons  `json:"reasons"`
		ProgressPercent *float64 `json:"progress_percent"`
		ArchiveID       string   `json:"archive_id"`
		BeginTime       moment   `json:"begin_time"`
		EndTime         moment   `json:"end_time"`
	}
	request := onInstance("CheckAssetJobStatus", instance, "assets", "jobs", "{job_id}")
	request.IDs["job_id"] = id
	_, err := s.cloud.JSON(ctx, t, request, &reply)
	return job{
		JobID: id, ArchiveID: reply.ArchiveID, Status: statusOf(reply.Status), RawStatus: reply.Status, Type: reply.Type,
		ProgressPercent: reply.ProgressPercent, Reasons: append(reply.Reason, reply.Reasons...),
		BeginTime: string(reply.BeginTime), EndTime: string(reply.EndTime),
	}, err
}

func statusOf(raw string) string {
	status := strings.ToLower(strings.TrimSpace(raw))
	if status == "success" {
		return succeeded
	}
	return status
}

// reasons reads a list of reasons, and what else may stand in their place: one of them, or a text.
type reasons []reason

// UnmarshalJSON never fails on valid JSON: a status must not be lost for the form of its explanation.
func (r *reasons) UnmarshalJSON(data []byte) error {
	var list []reason
	var one reason
	var text string
	switch {
	case json.Unmarshal(data, &list) == nil:
		*r = list
	case json.Unmarshal(data, &one) == nil:
		*r = reasons{one}
	case json.Unmarshal(data, &text) == nil:
		*r = nil
		if text != "" {
			*r = reasons{{ErrorMsg: text}}
		}
	default:
		*r = reasons{{ErrorMsg: string(data)}}
	}
	return nil
}

// moment reads a time that is a text, or a number of milliseconds since 1970, which becomes RFC 3339 in UTC.
type moment string

// UnmarshalJSON passes on what it cannot read as it is.
func (m *moment) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		text = string(data) // a number
	}
	*m = moment(text)
	if milliseconds, err := strconv.ParseFloat(text, 64); err == nil {
		m.set(milliseconds)
	}
	return nil
}

func (m *moment) set(milliseconds float64) {
	switch {
	case milliseconds == 0:
		*m = "" // not yet
	case milliseconds > 0 && milliseconds < 1e15:
		*m = moment(time.UnixMilli(int64(milliseconds)).UTC().Format(time.RFC3339))
	}
}
