package emulator

import (
	"net/http"
	"slices"
	"time"
)

// drsJob is a task as ListJobs shows it; the fields are those that the official SDK requires.
type drsJob struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Status       string         `json:"status"`
	Description  string         `json:"description"`
	CreateTime   string         `json:"create_time"`
	EngineType   string         `json:"engine_type"`
	NetType      string         `json:"net_type"`
	ChargingMode string         `json:"charging_mode"`
	BillingTag   bool           `json:"billing_tag"`
	JobDirection string         `json:"job_direction"`
	JobType      string         `json:"job_type"`
	TaskType     string         `json:"task_type"`
	Enterprise   string         `json:"enterprise_project_id"`
	JobMode      string         `json:"job_mode"`
	JobModeRole  string         `json:"job_mode_role"`
	IsMultiAZ    bool           `json:"is_multi_az"`
	NodeRole     string         `json:"node_role"`
	NewFramework bool           `json:"node_new_framework"`
	JobAction    map[string]any `json:"job_action"`
}

func drsJobs() []drsJob {
	jobs := []drsJob{
		{ID: DRSJobID, Name: "DRS-orders", Status: "INCRE_TRANSFER_STARTED", EngineType: "postgresql", JobType: "sync"},
		{ID: DRSUpperCaseJobID, Name: "DRS-customers", Status: "FULL_TRANSFER_COMPLETE", EngineType: "mysql", JobType: "sync"},
		{ID: DRSFailingJobID, Name: "DRS-broken", Status: "CONFIGURATION", EngineType: "mysql", JobType: "sync"},
		{ID: DRSMigrationJobID, Name: "DRS-迁移", Status: "FULL_TRANSFER_STARTED", EngineType: "mysql", JobType: "migration"},
	}
	for n := range jobs {
		job := &jobs[n]
		job.Description = "task " + job.Name
		job.CreateTime = time.Date(2025, 7, 1+n, 8, 0, 0, 0, time.UTC).Format(time.RFC3339)
		job.NetType, job.ChargingMode, job.BillingTag, job.JobDirection = "vpc", "on_demand", true, "up"
		job.TaskType, job.Enterprise, job.JobMode, job.JobModeRole = "FULL_INCR_TRANS", "0", "single", "master"
		job.NodeRole, job.NewFramework = "master", true
		job.JobAction = map[string]any{"available_actions": []string{"STOP"}, "unavailable_actions": []string{},
			"current_action": "START"}
	}
	return jobs
}

func findDRSJob(id string) (drsJob, bool) {
	for _, job := range drsJobs() {
		if job.ID == id {
			return job, true
		}
	}
	return drsJob{}, false
}

// listJobs requires a job_type and filters by what the query names; the name matches the task's id as well.
func (d *drs) listJobs(c *call) (reply, error) {
	query := c.URL.Query()
	kind := query.Get("job_type")
	if kind == "" {
		return reply{}, errDRSEmpty("job_type")
	}
	if !slices.Contains([]string{"migration", "sync", "cloudDataGuard"}, kind) {
		return reply{}, errDRSValue("job_type")
	}
	found := slices.DeleteFunc(drsJobs(), func(job drsJob) bool {
		return job.JobType != kind || differs(query.Get("name"), job.Name, job.ID) || differs(query.Get("status"), job.Status) ||
			differs(query.Get("engine_type"), job.EngineType) || differs(query.Get("net_type"), job.NetType)
	})
	page, bad := window(found, query, 10)
	if bad != "" {
		return reply{}, errDRSValue(bad)
	}
	return jsonReply(http.StatusOK, map[string]any{"total_count": len(found), "jobs": page})
}

// differs says that a filter is set and equals none of the values.
func differs(filter string, values ...string) bool {
	return filter != "" && !slices.Contains(values, filter)
}

// sheets is the workbook exported from a task. The time is in it, so that two exports of one task differ.
func (j drsJob) sheets(exported time.Time) []sheet {
	return []sheet{
		{name: "Basic Information", rows: [][]string{
			{"Task ID", "Task Name", "Task Type", "Engine", "Network", "Exported At"},
			{j.ID, j.Name, j.JobType, j.EngineType, j.NetType, exported.Format(time.RFC3339)},
		}},
		{name: "Source Database", rows: [][]string{
			{"Task ID", "IP Address", "Port", "User Name", "Password"},
			{j.ID, "192.168.0.10", "5432", "drs_source", ""},
		}},
		{name: "Destination Database", rows: [][]string{
			{"Task ID", "Instance ID", "Region", "User Name", "Password"},
			{j.ID, "9c41fcbd0b7e4b7a8a51e2f0a7d1c3b5in03", Region, "drs_target", ""},
		}},
		{name: "Objects", rows: [][]string{
			{"Task ID", "Source Database", "Source Table", "Target Database", "Target Table"},
			{j.ID, "sales", "orders", "sales", "orders"},
			{j.ID, "sales", "客户", "sales", "客户"},
		}},
	}
}
