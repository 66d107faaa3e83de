package main

import (
	"fmt"

	"mcp-server/internal/emulator"
)

// results are what the tools called so far returned, by tool.
type results = map[string]map[string]any

// everyTool calls each tool once, in an order in which ids of one feed the next.
var everyTool = []struct {
	tool      string
	arguments func(results) map[string]any
	content   func(results) string // what the emulator holds of the one artifact
}{
	{tool: "htap_list_instances", arguments: fixed(object{"instance_id": emulator.TaurusDBInstanceID})},
	{
		tool: "htap_download_template",
		arguments: func(r results) map[string]any {
			return object{"instance_id": first(r, "htap_list_instances", "instances", emulator.HTAPInstanceID)}
		},
		content: held("htap/" + emulator.HTAPInstanceID),
	},
	{tool: "drs_list_jobs", arguments: fixed(object{"job_type": "sync"})},
	{
		tool:      "drs_export_template",
		arguments: fixed(object{"jobs": []string{emulator.DRSJobID}}),
		content:   func(r results) string { return "drs/" + artifactName(r, "drs_export_template") },
	},
	{
		tool: "drs_list_templates", arguments: fixed(object{}),
	},
	{
		tool:      "drs_download_template",
		arguments: fixed(object{"files": []string{emulator.DRSOldFileName}}),
		content:   held("drs/" + emulator.DRSOldFileName),
	},
	{tool: "rfs_list_templates", arguments: fixed(object{})},
	{tool: "rfs_list_template_versions", arguments: fixed(object{"template_name": emulator.RFSManyVersionsTemplateName})},
	{tool: "rfs_show_template_metadata", arguments: fixed(object{"template_name": emulator.RFSChineseTemplateName})},
	{
		tool:      "rfs_show_template_version_metadata",
		arguments: fixed(object{"template_name": emulator.RFSTemplateName, "version_id": "V1"}),
	},
	{
		tool:      "rfs_show_template_version_content",
		arguments: fixed(object{"template_name": emulator.RFSManyVersionsTemplateName}),
		content:   held("rfs/" + emulator.RFSManyVersionsTemplateName + "/V10"),
	},
	{tool: "roma_list_instances", arguments: fixed(object{})},
	{tool: "roma_list_apps", arguments: fixed(object{"instance_id": emulator.ROMAInstanceID})},
	{
		tool:      "roma_export_assets",
		arguments: fixed(object{"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAAppID}, "tasks": []string{emulator.ROMATaskID}}),
		content:   func(r results) string { return fmt.Sprint("roma/", r["roma_export_assets"]["archive_id"]) },
	},
	{
		tool: "roma_show_asset_job",
		arguments: func(r results) map[string]any {
			return object{"instance_id": emulator.ROMAInstanceID, "job_id": r["roma_export_assets"]["job_id"]}
		},
	},
	{
		tool:      "roma_download_asset_archive",
		arguments: fixed(object{"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID}),
		content:   held("roma/" + emulator.ROMAArchiveID),
	},
	{
		tool: "drs_show_export_progress",
		arguments: func(r results) map[string]any {
			return object{"async_job_id": r["drs_export_template"]["async_job_id"]}
		},
	},
	{tool: "artifact_list", arguments: fixed(object{"name": "ASSET"})},
	{
		tool: "artifact_read",
		arguments: func(r results) map[string]any {
			return object{"uri": artifactOf(r, "roma_export_assets")["uri"], "entry": "manifest.txt"}
		},
	},
}

func fixed(arguments object) func(results) map[string]any {
	return func(results) map[string]any { return arguments }
}

func held(content string) func(results) string {
	return func(results) string { return content }
}

// first returns the wanted id, which must be among those that a list returned.
func first(r results, tool, list, want string) string {
	items, _ := r[tool][list].([]any)
	for _, i := range items {
		if entry, _ := i.(map[string]any); entry["id"] == want {
			return want
		}
	}
	return "not listed"
}

func artifactName(r results, tool string) string {
	return fmt.Sprint(artifactOf(r, tool)["name"])
}

// artifactOf is the first artifact of a result.
func artifactOf(r results, tool string) map[string]any {
	artifacts, _ := r[tool]["artifacts"].([]any)
	if len(artifacts) == 0 {
		return nil
	}
	artifact, _ := artifacts[0].(map[string]any)
	return artifact
}
