package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// file is one exported workbook, as ListTemplates shows it. Its name is <task id>_<engine>_<yyyyMMddHHmmss>.xlsx.
type file struct {
	FileName     string `json:"file_name" jsonschema_description:"File name, for drs_download_template. It begins with the task id."`
	LastModified string `json:"last_modified" jsonschema_description:"When it was written, by the clock of the storage."`
}

type listFilesIn struct {
	Limit  int `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100,default=50" jsonschema_description:"Most files to return."`
	Offset int `json:"offset,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"How many files to skip, to get the next ones."`
	huaweicloud.Target
}

type listFilesOut struct {
	Count int    `json:"count" jsonschema_description:"Files that exist, on all pages together."`
	Files []file `json:"files" jsonschema_description:"The files."`
}

func (s service) listFilesTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "drs_list_templates",
		Title: "List exported DRS templates",
		Description: "Lists the task template files (xlsx) that earlier DRS exports left in the cloud. " +
			"Use it to find the names that drs_download_template takes; a new export is made by drs_export_template.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout: 2 * time.Minute,
	}, s.listFiles)
}

func (s service) listFiles(ctx context.Context, _ *sdk.Call, in listFilesIn) (listFilesOut, error) {
	return s.page(ctx, in.Target, in.Limit, in.Offset)
}

// page calls ListTemplates (https://support.huaweicloud.com/intl/en-us/api-drs/drs_03_0303.html).
func (s service) page(ctx context.Context, t huaweicloud.Target, limit, offset int) (listFilesOut, error) {
	var reply struct {
		Count int    `json:"count"`
		Files []file `json:"export_report_obs_files"`
	}
	_, err := s.cloud.JSON(ctx, t, huaweicloud.Request{
		Operation: "ListTemplates", Path: []string{"v5", huaweicloud.ProjectSegment, "templates"},
		Query: url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}},
	}, &reply)
	return listFilesOut{Count: reply.Count, Files: reply.Files}, err
}

// allFiles walks all pages. The largest page is not documented, so what came counts and not what was asked for; a page
// without anything new ends the walk, whatever the count says.
func (s service) allFiles(ctx context.Context, t huaweicloud.Target) (map[file]bool, error) {
	all := map[file]bool{}
	for offset := 0; ; {
		page, err := s.page(ctx, t, 100, offset)
		if err != nil {
			return nil, err
		}
		known := len(all)
		for _, f := range page.Files {
			all[f] = true
		}
		offset += len(page.Files)
		if len(all) == known || offset >= page.Count {
			return all, nil
		}
	}
}
