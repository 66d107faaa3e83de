package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type listJobsIn struct {
	JobType    string `json:"job_type" jsonschema:"enum=migration,enum=sync,enum=cloudDataGuard" jsonschema_description:"Kind of task: migration, sync (real-time synchronization) or cloudDataGuard (disaster recovery). DRS lists one kind at a time."`
	Name       string `json:"name,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Only the tasks with this name or id."`
	Status     string `json:"status,omitempty" jsonschema:"maxLength=400,pattern=^[A-Z_\\,]+$" jsonschema_description:"Only the tasks in this status, such as CONFIGURATION, FULL_TRANSFER_COMPLETE or INCRE_TRANSFER_STARTED."`
	EngineType string `json:"engine_type,omitempty" jsonschema:"maxLength=64,pattern=^[A-Za-z0-9_-]+$" jsonschema_description:"Only the tasks of this engine type, such as mysql or postgresql."`
	Limit      int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100,default=50" jsonschema_description:"Most tasks to return."`
	Offset     int    `json:"offset,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"How many tasks to skip, to get the next ones."`
	huaweicloud.Target
}

type listJobsOut struct {
	TotalCount int   `json:"total_count" jsonschema_description:"Tasks that match, on all pages together."`
	Jobs       []job `json:"jobs" jsonschema_description:"The tasks, newest first."`
}

type job struct {
	ID           string `json:"id" jsonschema_description:"Task id, for drs_export_template."`
	Name         string `json:"name" jsonschema_description:"Task name."`
	Status       string `json:"status" jsonschema_description:"Task status."`
	EngineType   string `json:"engine_type" jsonschema_description:"Engine type."`
	JobType      string `json:"job_type" jsonschema_description:"Kind of task."`
	TaskType     string `json:"task_type,omitempty" jsonschema_description:"What is transferred, such as FULL_INCR_TRANS."`
	JobDirection string `json:"job_direction,omitempty" jsonschema_description:"Direction: up is to the cloud, down out of it."`
	CreateTime   string `json:"create_time" jsonschema_description:"When the task was created, as DRS writes it."`
	Description  string `json:"description,omitempty" jsonschema_description:"What its owner wrote about the task."`
}

func (s service) listJobsTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "drs_list_jobs",
		Title: "List DRS tasks",
		Description: "Lists Data Replication Service tasks of one kind with name, status and engine. " +
			"Use it to find the task ids that drs_export_template takes.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  2 * time.Minute,
		Complete: sdk.Completers{"name": s.completeName()},
	}, s.listJobs)
}

// listJobs calls ListJobs of the API v5.
func (s service) listJobs(ctx context.Context, _ *sdk.Call, in listJobsIn) (listJobsOut, error) {
	query := url.Values{
		"job_type": {in.JobType}, "limit": {strconv.Itoa(in.Limit)}, "offset": {strconv.Itoa(in.Offset)},
	}
	for name, value := range map[string]string{"name": in.Name, "status": in.Status, "engine_type": in.EngineType} {
		if value != "" {
			query.Set(name, value)
		}
	}
	var out listJobsOut
	_, err := s.cloud.JSON(ctx, in.Target, huaweicloud.Request{
		Operation: "ListJobs", Path: []string{"v5", huaweicloud.ProjectSegment, "jobs"}, Query: query,
	}, &out)
	return out, err
}
