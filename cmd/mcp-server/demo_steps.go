package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mcp-server/internal/emulator"
	"mcp-server/sdk"
)

// object is a tool's arguments.
type object map[string]any

// downloaded is what the results of downloads have in common.
type downloaded struct {
	Artifacts []sdk.Artifact `json:"artifacts"`
}

// item is one entry of a list.
type item struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (d *demo) htap(ctx context.Context) error {
	var list struct {
		Instances []item `json:"instances"`
	}
	if err := d.client.Call(ctx, "htap_list_instances", object{"instance_id": emulator.TaurusDBInstanceID}, &list); err != nil {
		return err
	}
	d.say("      %d HTAP instances of %s", len(list.Instances), emulator.TaurusDBInstanceID)
	var out downloaded
	err := d.client.Call(ctx, "htap_download_template", object{"instance_id": emulator.HTAPInstanceID}, &out)
	if err != nil {
		return err
	}
	return d.compare(out.Artifacts, "htap/"+emulator.HTAPInstanceID)
}

func (d *demo) drs(ctx context.Context) error {
	var list struct {
		Jobs []item `json:"jobs"`
	}
	if err := d.client.Call(ctx, "drs_list_jobs", object{"job_type": "sync"}, &list); err != nil {
		return err
	}
	d.say("      %d synchronisation tasks", len(list.Jobs))
	var out downloaded
	if err := d.client.Call(ctx, "drs_export_template", object{"jobs": []string{emulator.DRSJobID}}, &out); err != nil {
		return err
	}
	if len(out.Artifacts) == 0 {
		return errors.New("no artifact came back")
	}
	return d.compare(out.Artifacts, "drs/"+out.Artifacts[0].Name)
}

func (d *demo) rfsList(ctx context.Context) error {
	var list struct {
		Templates []struct {
			Name    string `json:"template_name"`
			Version string `json:"latest_version_id"`
		} `json:"templates"`
	}
	if err := d.client.Call(ctx, "rfs_list_templates", object{}, &list); err != nil {
		return err
	}
	names := make([]string, len(list.Templates))
	for i, t := range list.Templates {
		names[i] = t.Name + " " + t.Version
	}
	d.say("      %d templates, over several pages: %s", len(names), strings.Join(names, ", "))
	if len(names) < 5 {
		return errors.New("templates are missing")
	}
	return nil
}

func (d *demo) rfsContent(ctx context.Context) error {
	var out struct {
		downloaded
		VersionID string `json:"version_id"`
		Content   string `json:"content"`
	}
	err := d.client.Call(ctx, "rfs_show_template_version_content", object{"template_name": emulator.RFSChineseTemplateName}, &out)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(out.Content, "\n")
	d.say("      the newest version is %s and begins with: %s", out.VersionID, first)
	return d.compare(out.Artifacts, fmt.Sprintf("rfs/%s/%s", emulator.RFSChineseTemplateName, out.VersionID))
}

func (d *demo) roma(ctx context.Context) error {
	var apps struct {
		Apps []item `json:"apps"`
	}
	if err := d.client.Call(ctx, "roma_list_apps", object{"instance_id": emulator.ROMAInstanceID}, &apps); err != nil {
		return err
	}
	d.say("      %d applications", len(apps.Apps))
	var out struct {
		downloaded
		ArchiveID string `json:"archive_id"`
	}
	err := d.client.Call(ctx, "roma_export_assets", object{
		"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAAppID}, "tasks": []string{emulator.ROMATaskID},
	}, &out)
	if err != nil {
		return err
	}
	if err := d.compare(out.Artifacts, "roma/"+out.ArchiveID); err != nil {
		return err
	}
	var read struct {
		Text string `json:"text"`
	}
	if err := d.client.Call(ctx, "artifact_read", object{"uri": out.Artifacts[0].URI, "entry": "manifest.txt"}, &read); err != nil {
		return err
	}
	d.say("      manifest.txt in it: %s", strings.TrimSpace(read.Text))
	return nil
}
