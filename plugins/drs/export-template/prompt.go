package main

import (
	"context"
	"slices"
	"strings"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type explainIn struct {
	Jobs    string `json:"jobs,omitempty" jsonschema_description:"Ids of the tasks to export, separated by commas; without them you are asked to choose."`
	JobType string `json:"job_type,omitempty" jsonschema_description:"Kind of the tasks: migration, sync or cloudDataGuard."`
}

func (s service) explainPrompt() sdk.Prompt {
	return sdk.NewPrompt(sdk.PromptSpec{
		Name:        "explain_drs_export",
		Title:       "Export DRS tasks and explain them",
		Description: "Exports the templates of Data Replication Service tasks as xlsx workbooks and explains what they say.",
		Complete: sdk.Completers{
			"jobs":     huaweicloud.Listed(s.completeJob()),
			"job_type": func(context.Context, sdk.Completion) ([]string, error) { return jobTypes(), nil },
		},
	}, explain)
}

func explain(_ context.Context, _ *sdk.Call, in explainIn) (sdk.Messages, error) {
	jobs := huaweicloud.SplitList(in.Jobs)
	if err := checkAll("jobs", jobs, 64); err != nil {
		return sdk.Messages{}, err
	}
	if in.JobType != "" && !slices.Contains(jobTypes(), in.JobType) {
		return sdk.Messages{}, sdk.InvalidArgument("job_type", "must be one of %s", strings.Join(jobTypes(), ", "))
	}
	if len(jobs) > 100 {
		return sdk.Messages{}, sdk.InvalidArgument("jobs", "has %d ids; one export takes 100 at most", len(jobs))
	}
	return huaweicloud.Say("Export DRS tasks and explain them.",
		"Export the templates of Data Replication Service (DRS) tasks, and explain to me what they say.",
		exportStep(jobs, in.JobType),
		"2. Read every artifact that comes back, one workbook for each task: its preview first, and the rest, sheet by sheet, with artifact_read.",
		"3. Report for each task: its id and name; source and destination with engine, address and databases; what is transferred, and how; "+
			"the settings that matter; and what must be filled in or checked before the workbook is used to create tasks. "+
			"Name the sheet and the column of what you rely on, say what you could not read, and repeat no password.",
		huaweicloud.OnErrors+" Do not start a second export because the first one takes long: an error that names an async_job_id means that it goes on, "+
			"and drs_show_export_progress shows how far it is.",
	), nil
}

func exportStep(jobs []string, jobType string) string {
	const waits = " It waits for the export, which may take minutes, and downloads the files."
	if len(jobs) > 0 {
		return "1. Call " + huaweicloud.ToolCall("drs_export_template", map[string]any{"jobs": slices.Compact(slices.Sorted(slices.Values(jobs)))}) + "." + waits
	}
	list := "drs_list_jobs for each job_type: " + strings.Join(jobTypes(), ", ")
	if jobType != "" {
		list = huaweicloud.ToolCall("drs_list_jobs", map[string]any{"job_type": jobType})
	}
	return "1. Call " + list + ". Show me the tasks by name, id and status, and ask me which to export. " +
		"Then call drs_export_template with their ids as jobs." + waits
}
