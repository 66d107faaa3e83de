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
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	here := plugintest.Object{"instance_id": emulator.ROMAInstanceID}
	started := sdktest.Decode[exportOut](t, h.Do(t, "roma_export_assets",
		plugintest.Object{"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAAppID}, "wait": false}))
	plugintest.WantAllReported(t, h, []plugintest.ToolRun{
		{Tool: "roma_list_instances", Arguments: plugintest.Object{}}, {Tool: "roma_list_apps", Arguments: here},
		{Tool: "roma_show_asset_job", Arguments: plugintest.Object{"instance_id": emulator.ROMAInstanceID, "job_id": started.JobID}},
	})
	for _, run := range []plugintest.ToolRun{
		{Tool: "roma_download_asset_archive", Arguments: archiveArgs()}, {Tool: "roma_export_assets", Arguments: exportArgs(emulator.ROMAAppID)},
	} {
		plugintest.WantAllReported(t, plugintest.Start(t, quick, emulator.Config{JobDuration: short}), []plugintest.ToolRun{run})
	}
}

func TestErrorContract(t *testing.T) {
	t.Parallel()
	plugintest.WantErrorContract(t, quick, []plugintest.ToolRun{
		{Tool: "roma_list_instances", Arguments: plugintest.Object{}},
		{Tool: "roma_list_apps", Arguments: plugintest.Object{"instance_id": "i"}},
		{Tool: "roma_show_asset_job", Arguments: plugintest.Object{"instance_id": "i", "job_id": "j"}},
		{Tool: "roma_export_assets", Arguments: exportArgs("a")},
		{Tool: "roma_download_asset_archive", Arguments: archiveArgs()},
	})
}

// TestNoTimeToRepeatWhatHasBegun: a program that repeats a call after the time that an error names must not begin a second job.
func TestNoTimeToRepeatWhatHasBegun(t *testing.T) {
	t.Parallel()
	routes := chainRoutes()
	routes["/v2/p/instances/i/assets/jobs/j"] = plugintest.Throttled
	h := plugintest.Stub(t, quick, routes)
	r := h.Do(t, "roma_export_assets", plugintest.Object{"instance_id": "i", "apps": []string{"a"}})
	plugintest.WantFailure(t, r, sdk.CodeResourceExhausted, "roma_show_asset_job")
	if r.Err.RetryAfter != 0 || !r.Background {
		t.Errorf("retry after %s, background %v", r.Err.RetryAfter, r.Background)
	}
}

// TestBackground has a client come back for an export, and not for what is answered at once.
func TestBackground(t *testing.T) {
	t.Parallel()
	for tool, tc := range map[string]struct {
		arguments plugintest.Object
		want      bool
	}{
		"roma_export_assets":          {exportArgs(emulator.ROMAAppID), true},
		"roma_download_asset_archive": {archiveArgs(), false},
	} {
		h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
		if r := h.Do(t, tool, tc.arguments); r.Err != nil || r.Background != tc.want {
			t.Errorf("%s: background %v, %v", tool, r.Background, r.Err)
		}
	}
	h := plugintest.Start(t, quick, emulator.Config{JobDuration: short})
	arguments := exportArgs(emulator.ROMAAppID)
	arguments["wait"] = false
	if r := h.Do(t, "roma_export_assets", arguments); r.Err != nil || r.Background {
		t.Errorf("without waiting: background %v, %v", r.Background, r.Err)
	}
}

// TestLargeArchiveInTheBackground is fetched once, as ever, and comes from the store the second time.
func TestLargeArchiveInTheBackground(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{ArchiveSize: 33 << 20})
	first := h.Do(t, "roma_download_asset_archive", archiveArgs())
	second := h.Do(t, "roma_download_asset_archive", archiveArgs())
	if !first.Background || second.Background || h.Sent("/archives/") != 1 {
		t.Errorf("background %v, then %v, after %d requests", first.Background, second.Background, h.Sent("/archives/"))
	}
	if out := sdktest.Decode[downloadOut](t, second); !out.Repeated || out.Artifacts[0].SHA256 != sdktest.Decode[downloadOut](t, first).Artifacts[0].SHA256 {
		t.Errorf("the second time %+v", out)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	of := func(kind sdktest.Kind, name, argument, value, instance string, want ...string) plugintest.Completing {
		c := sdk.Completion{Argument: argument, Value: value, Arguments: map[string]string{"instance_id": instance}}
		return plugintest.Completing{Kind: kind, Name: name, Completion: c, Want: want}
	}
	const prompt, first, second = "inspect_roma_archive", emulator.ROMAAppID, emulator.ROMASecondAppID
	plugintest.WantNoCompletions(t, quick, of(sdktest.Prompt, prompt, "apps", "", emulator.ROMAInstanceID))
	plugintest.WantCompletions(t, quick, map[string]plugintest.Completing{
		"instances":              of(sdktest.Prompt, prompt, "instance_id", emulator.ROMAInstanceID[:4], "", emulator.ROMAInstanceID),
		"instances of a tool":    of(sdktest.Tool, "roma_show_asset_job", "instance_id", emulator.ROMAInstanceID[:4], "", emulator.ROMAInstanceID),
		"applications":           of(sdktest.Tool, "roma_export_assets", "apps", second[:6], emulator.ROMAInstanceID, second),
		"applications in a list": of(sdktest.Prompt, prompt, "apps", first+","+second[:6], emulator.ROMAInstanceID, first+","+second),
		"without an instance":    of(sdktest.Prompt, prompt, "apps", "", ""),
		"archives":               of(sdktest.Prompt, prompt, "archive_id", "", emulator.ROMAInstanceID),
	})
}

func TestInspectPrompt(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	const name, folder = "inspect_roma_archive", "../../../schemas/tools"
	for _, tc := range []struct{ archive, apps, word string }{
		{"ar1", "", `roma_download_asset_archive with {"archive_id":"ar1","instance_id":"i1"}`},
		{"", "a1, a2", `roma_export_assets with {"apps":["a1","a2"],"instance_id":"i1"}`},
		{"", "", `roma_list_apps with {"instance_id":"i1"}`},
	} {
		r := h.Prompt(t.Context(), name, map[string]string{"instance_id": "i1", "archive_id": tc.archive, "apps": tc.apps})
		h.WantPrompt(t, r, folder, tc.word, "only once", "artifact_read", "If a call fails", "Never set ask_again")
	}
	for word, arguments := range map[string]map[string]string{
		"instance_id":      {"archive_id": "a"},
		"is empty":         {"instance_id": ""},
		"archive_id":       {"instance_id": "i", "archive_id": "a b"},
		`"apps" is for`:    {"instance_id": "i", "archive_id": "a", "apps": "b"},
		"at most 64":       {"instance_id": "i", "apps": strings.Repeat("a", 65)},
		"one export takes": {"instance_id": "i", "apps": strings.Join(plugintest.IDs(101), ",")},
	} {
		plugintest.WantFailure(t, h.Prompt(t.Context(), name, arguments), sdk.CodeInvalidArgument, word)
	}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	sdktest.Inventory(t, newPlugin(func(string) string { return "" }))
}
