package main

import (
	"strings"
	"testing"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestEveryRequestIsReported(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, patient, emulator.Config{JobDuration: short})
	started := sdktest.Decode[exportOut](t, h.Do(t, "drs_export_template", plugintest.Object{"jobs": []string{emulator.DRSJobID}, "wait": false}))
	plugintest.WantAllReported(t, h, []plugintest.ToolRun{
		{Tool: "drs_list_jobs", Arguments: plugintest.Object{"job_type": "sync"}},
		{Tool: "drs_show_export_progress", Arguments: plugintest.Object{"async_job_id": started.AsyncJobID}},
		{Tool: "drs_list_templates", Arguments: plugintest.Object{}},
		{Tool: "drs_download_template", Arguments: plugintest.Object{"files": []string{emulator.DRSOldFileName}}},
		{Tool: "drs_export_template", Arguments: exportArgs(emulator.DRSUpperCaseJobID), Again: exportArgs(emulator.DRSMigrationJobID)},
	})
}

func TestErrorContract(t *testing.T) {
	t.Parallel()
	plugintest.WantErrorContract(t, quick, []plugintest.ToolRun{
		{Tool: "drs_list_jobs", Arguments: plugintest.Object{"job_type": "sync"}},
		{Tool: "drs_show_export_progress", Arguments: plugintest.Object{"async_job_id": "j"}},
		{Tool: "drs_list_templates", Arguments: plugintest.Object{}},
		{Tool: "drs_download_template", Arguments: plugintest.Object{"files": []string{"f.xlsx"}}},
		{Tool: "drs_export_template", Arguments: exportArgs("j")},
		{Tool: "drs_export_template", Arguments: plugintest.Object{"jobs": []string{"j"}, "wait": false}},
	})
}

// TestNoTimeToRepeatWhatHasBegun: a program that repeats a call after the time that an error names must not begin a second export.
func TestNoTimeToRepeatWhatHasBegun(t *testing.T) {
	t.Parallel()
	h := plugintest.Stub(t, quick, plugintest.Routes{
		"GET /v5/p/templates":              plugintest.Answer(`{"count":0}`),
		"POST /v5/p/jobs/export/template":  plugintest.Answer(`{"id":"e","status":"SUCCESS"}`),
		"GET /v5/p/jobs/e/export/progress": plugintest.Throttled,
	})
	r := h.Do(t, "drs_export_template", exportArgs("j"))
	plugintest.WantFailure(t, r, sdk.CodeResourceExhausted, "drs_show_export_progress")
	if r.Err.RetryAfter != 0 || !r.Background {
		t.Errorf("retry after %s, background %v", r.Err.RetryAfter, r.Background)
	}
}

// TestBackground has a client come back for an export, and not for what is answered at once.
func TestBackground(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, patient, emulator.Config{JobDuration: short})
	for name, tc := range map[string]struct {
		tool      string
		arguments plugintest.Object
		want      bool
	}{
		"export":    {"drs_export_template", exportArgs(emulator.DRSJobID), true},
		"no wait":   {"drs_export_template", plugintest.Object{"jobs": []string{emulator.DRSJobID}, "wait": false}, false},
		"not begun": {"drs_export_template", exportArgs("2e69ebb1-f06d-4eb2-a789-2883629jb999"), false},
		"download":  {"drs_download_template", plugintest.Object{"files": []string{emulator.DRSOldFileName}}, false},
	} {
		if r := h.Do(t, tc.tool, tc.arguments); r.Background != tc.want {
			t.Errorf("%s: background %v, %v", name, r.Background, r.Err)
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	of := func(kind sdktest.Kind, name, argument, value, jobType string, want ...string) plugintest.Completing {
		c := sdk.Completion{Argument: argument, Value: value, Arguments: map[string]string{"job_type": jobType}}
		return plugintest.Completing{Kind: kind, Name: name, Completion: c, Want: want}
	}
	const prompt, sync, migration = "explain_drs_export", emulator.DRSUpperCaseJobID, emulator.DRSMigrationJobID
	plugintest.WantNoCompletions(t, quick, of(sdktest.Prompt, prompt, "jobs", "", ""))
	plugintest.WantCompletions(t, quick, map[string]plugintest.Completing{
		"tasks of all kinds":   of(sdktest.Tool, "drs_export_template", "jobs", "", "", migration, emulator.DRSJobID, sync, emulator.DRSFailingJobID),
		"tasks of a kind":      of(sdktest.Prompt, prompt, "jobs", "", "migration", migration),
		"tasks in a list":      of(sdktest.Prompt, prompt, "jobs", sync+", "+migration[:5], "", sync+", "+migration),
		"kinds":                of(sdktest.Prompt, prompt, "job_type", "s", "", "sync"),
		"names":                of(sdktest.Tool, "drs_list_jobs", "name", "drs-", "migration", "DRS-迁移"),
		"names without a kind": of(sdktest.Tool, "drs_list_jobs", "name", "", ""),
		"files":                of(sdktest.Tool, "drs_download_template", "files", emulator.DRSJobID[:4], "", emulator.DRSOldFileName),
	})
}

func TestExplainPrompt(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	const name, folder = "explain_drs_export", "../../../schemas/tools"
	for _, tc := range []struct {
		arguments map[string]string
		words     []string
	}{
		{nil, []string{"drs_list_jobs for each job_type: migration, sync, cloudDataGuard", "ask me which"}},
		{map[string]string{"job_type": "sync"}, []string{`drs_list_jobs with {"job_type":"sync"}`, "ask me which"}},
		{map[string]string{"jobs": "j1,\n j2"}, []string{`drs_export_template with {"jobs":["j1","j2"]}`, "!drs_list_jobs"}},
	} {
		h.WantPrompt(t, h.Prompt(t.Context(), name, tc.arguments), folder, append(tc.words, "artifact_read", "If a call fails", "drs_show_export_progress")...)
	}
	for word, arguments := range map[string]map[string]string{
		"job_type":    {"job_type": "backup"},
		"jobs":        {"jobs": "a/../b"},
		"100 at most": {"jobs": strings.Join(plugintest.IDs(101), " ")},
		"unknown":     {"task": "x"},
	} {
		plugintest.WantFailure(t, h.Prompt(t.Context(), name, arguments), sdk.CodeInvalidArgument, word)
	}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	sdktest.Inventory(t, newPlugin(func(string) string { return "" }))
}
