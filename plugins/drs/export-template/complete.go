package main

import (
	"context"
	"slices"
	"strings"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// jobTypes are the kinds of tasks; DRS lists one at a time.
func jobTypes() []string { return []string{"migration", "sync", "cloudDataGuard"} }

// suggested is how many tasks of a kind, the newest, are suggested: one page.
const suggested = 100

// completeJob suggests the ids of tasks, of the kind that the argument job_type names where there is one. The kinds are asked for
// one after the other, because a credential that is refused must not be refused three times at once.
func (s service) completeJob() sdk.Completer {
	id := func(j job) string { return j.ID }
	all := s.cloud.Completer("jobs", nil, func(ctx context.Context, t huaweicloud.Target, _ map[string]string) ([]string, error) {
		return s.pick(ctx, t, jobTypes(), id)
	})
	ofKind := s.cloud.Completer("jobs of a kind", []string{"job_type"}, func(ctx context.Context, t huaweicloud.Target, arguments map[string]string) ([]string, error) {
		return s.pick(ctx, t, []string{arguments["job_type"]}, id)
	})
	return func(ctx context.Context, c sdk.Completion) ([]string, error) {
		if slices.Contains(jobTypes(), c.Arguments["job_type"]) {
			return ofKind(ctx, c)
		}
		return all(ctx, c)
	}
}

// completeName suggests the names of the tasks of a kind.
func (s service) completeName() sdk.Completer {
	ask := func(ctx context.Context, t huaweicloud.Target, arguments map[string]string) ([]string, error) {
		if !slices.Contains(jobTypes(), arguments["job_type"]) {
			return nil, nil
		}
		return s.pick(ctx, t, []string{arguments["job_type"]}, func(j job) string { return j.Name })
	}
	return s.cloud.Completer("job names", []string{"job_type"}, ask)
}

// pick returns something of the newest tasks of some kinds.
func (s service) pick(ctx context.Context, t huaweicloud.Target, kinds []string, something func(job) string) ([]string, error) {
	var values []string
	for _, kind := range kinds {
		out, err := s.listJobs(ctx, nil, listJobsIn{JobType: kind, Limit: suggested, Target: t})
		if err != nil {
			return nil, err
		}
		for _, j := range out.Jobs {
			values = append(values, something(j))
		}
	}
	return values, nil
}

// completeFile suggests the names of the files of earlier exports, the newest first.
func (s service) completeFile() sdk.Completer {
	return s.cloud.Completer("files", nil, func(ctx context.Context, t huaweicloud.Target, _ map[string]string) ([]string, error) {
		all, err := s.allFiles(ctx, t)
		if err != nil {
			return nil, err
		}
		files := make([]file, 0, len(all))
		for f := range all {
			files = append(files, f)
		}
		slices.SortFunc(files, func(a, b file) int { return strings.Compare(b.LastModified+b.FileName, a.LastModified+a.FileName) })
		names := make([]string, 0, len(files))
		for _, f := range files {
			names = append(names, f.FileName)
		}
		return names, nil
	})
}
