package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type exportIn struct {
	Jobs []string `json:"jobs" jsonschema:"minItems=1,maxItems=100,uniqueItems=true,pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Ids of the tasks to export, from drs_list_jobs. They look like UUIDs but are not, such as 2e69ebb1-f06d-4eb2-a789-2883629jb204."`
	Wait bool     `json:"wait,omitempty" jsonschema:"default=true" jsonschema_description:"Whether to wait for the export and download its files. With false only the export is started."`
	huaweicloud.Target
}

type exportOut struct {
	AsyncJobID string         `json:"async_job_id" jsonschema_description:"Id of the export, for drs_show_export_progress."`
	Status     string         `json:"status" jsonschema_description:"accepted: the export was started and goes on in the cloud; success: it has ended and its files are downloaded."`
	Artifacts  []sdk.Artifact `json:"artifacts,omitempty" jsonschema_description:"The downloaded workbooks, one per task in the order of jobs; absent with wait=false."`
}

func (s service) exportTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "drs_export_template",
		Title: "Export DRS task templates",
		Description: "Exports the configuration of DRS tasks as xlsx templates: starts the export, waits for it, finds its files and " +
			"downloads them. Use it when a task's template is wanted; drs_list_jobs gives the ids. With wait=false it only starts " +
			"the export, to be followed with drs_show_export_progress.",
		Hints:    sdk.Hints{ReadOnly: false, Destructive: false, Idempotent: false, OpenWorld: true},
		Timeout:  30 * time.Minute,
		Complete: sdk.Completers{"jobs": s.completeJob()},
	}, s.export)
}

func (s service) export(ctx context.Context, call *sdk.Call, in exportIn) (exportOut, error) {
	if err := checkAll("jobs", in.Jobs, 64); err != nil {
		return exportOut{}, err
	}
	if !in.Wait {
		id, err := s.start(ctx, in)
		return exportOut{AsyncJobID: id, Status: "accepted"}, err
	}
	chain := &chain{call: call, total: float64(4 + len(in.Jobs))}
	chain.step("looking at the files that are there already")
	before, err := s.allFiles(ctx, in.Target)
	if err != nil {
		return exportOut{}, err
	}
	chain.step("starting the export")
	id, err := s.start(ctx, in)
	if err != nil {
		return exportOut{}, err
	}
	call.Background()
	chain.step("the export " + id + " is accepted")
	if err := s.await(ctx, chain, in.Target, id); err != nil {
		return exportOut{}, err
	}
	chain.step("the export has succeeded; looking for its files")
	names, err := s.find(ctx, chain, in, before)
	if err != nil {
		return exportOut{}, err
	}
	artifacts, err := s.fetchAll(ctx, chain, in.Target, names)
	if err != nil {
		return exportOut{}, huaweicloud.Begun(err, fmt.Sprintf("The export itself succeeded; fetch its files with drs_download_template, files: %s.", strings.Join(names, ", ")))
	}
	return exportOut{AsyncJobID: id, Status: "success", Artifacts: artifacts}, nil
}

// start calls ExportCreationTemplate (https://support.huaweicloud.com/intl/en-us/api-drs/drs_03_0301.html) and returns
// the export's id. The status SUCCESS of its reply means accepted.
func (s service) start(ctx context.Context, in exportIn) (string, error) {
	var reply struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	response, err := s.cloud.JSON(ctx, in.Target, huaweicloud.Request{
		Operation: "ExportCreationTemplate", Method: http.MethodPost,
		Path: []string{"v5", huaweicloud.ProjectSegment, "jobs", "export", "template"},
		Body: map[string][]string{"jobs": in.Jobs},
	}, &reply)
	switch {
	case huaweicloud.Says(err, sdk.CodeNotFound, sdk.CodeInvalidArgument):
		return "", huaweicloud.Explain(err, "drs_list_jobs gives the ids of the tasks, for one job_type at a time.")
	case err != nil:
		return "", err
	case reply.ID == "" || strings.EqualFold(reply.Status, "failed"):
		return "", &sdk.Error{
			Code: sdk.CodeUnavailable, Source: sdk.SourceCloud,
			Message: fmt.Sprintf("DRS did not accept the export: it answered with id %q and status %q (request id %q); check the tasks with drs_list_jobs, then call again",
				huaweicloud.Clean(reply.ID, 80), huaweicloud.Clean(reply.Status, 60), huaweicloud.Clean(response.RequestID, 80)),
		}
	}
	return reply.ID, nil
}

// find returns the names of the export's files, in the order of the tasks. Nothing in the cloud tells which file is of
// which export, so a file is taken when its name begins with the task's id and it was not listed before the export. Times do not
// count: the clocks of the task and of the storage are about a minute apart. The list may be behind the progress, so it
// is read again for a while.
func (s service) find(ctx context.Context, chain *chain, in exportIn, before map[file]bool) ([]string, error) {
	waiting, cancel := huaweicloud.BeforeDeadline(ctx, 0.1, 5*time.Second)
	defer cancel()
	waiting, stop := context.WithTimeout(waiting, s.pace.listing)
	defer stop()
	var names, fresh []string
	missing := in.Jobs
	err := huaweicloud.Poll(waiting, s.pace.first, s.pace.most, func(ctx context.Context) (bool, error) {
		files, err := s.allFiles(ctx, in.Target)
		if err != nil {
			return false, err
		}
		names, fresh, missing = match(in.Jobs, files, before)
		if len(missing) > 0 {
			chain.wait("waiting for the files of " + strings.Join(missing, ", ") + " to appear in the list")
		}
		return len(missing) == 0, nil
	})
	switch {
	case huaweicloud.TimedOut(ctx, err):
		return nil, notListed(missing, fresh)
	case err != nil:
		return nil, huaweicloud.Begun(err, "The export itself succeeded; drs_list_templates shows its files, whose names begin with the task ids, and drs_download_template fetches them.")
	}
	return names, nil
}

// match finds the newest new file of every task, and says which files are new and which tasks have none.
func match(jobs []string, files, before map[file]bool) (names, fresh, missing []string) {
	var candidates []file
	for f := range files {
		if !before[f] {
			candidates = append(candidates, f)
		}
	}
	slices.SortFunc(candidates, func(a, b file) int { // newest first
		return strings.Compare(b.LastModified+b.FileName, a.LastModified+a.FileName)
	})
	for _, f := range candidates {
		fresh = append(fresh, f.FileName)
	}
	for _, job := range jobs {
		at := slices.IndexFunc(fresh, func(name string) bool { return strings.HasPrefix(name, job+"_") })
		if at < 0 {
			missing = append(missing, job)
			continue
		}
		names = append(names, fresh[at])
	}
	return names, fresh, missing
}

func notListed(missing, fresh []string) error {
	found := "no new file at all"
	if len(fresh) > 0 {
		found = "these new files: " + strings.Join(fresh, ", ")
	}
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceCloud,
		Message: fmt.Sprintf("the export succeeded, but the cloud does not list a new file of %s yet; it lists %s. Look again with drs_list_templates "+
			"(the names begin with the task ids) and fetch the files with drs_download_template; a new export is not needed.", strings.Join(missing, ", "), found),
	}
}
