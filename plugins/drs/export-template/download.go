package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type downloadIn struct {
	Files []string `json:"files" jsonschema:"minItems=1,maxItems=10,uniqueItems=true,pattern=^[^./\\\\\\s][^/\\\\\\s]{0\\,254}$" jsonschema_description:"Names of the files to download, as drs_list_templates returns them in file_name."`
	huaweicloud.Target
}

type downloadOut struct {
	Artifacts []sdk.Artifact `json:"artifacts" jsonschema_description:"The downloaded workbooks, one per name in the same order."`
}

func (s service) downloadTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "drs_download_template",
		Title: "Download exported DRS templates",
		Description: "Downloads task template files (xlsx) that an earlier DRS export left in the cloud, by the names that " +
			"drs_list_templates returns. For a new export use drs_export_template, which downloads by itself.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  30 * time.Minute,
		Complete: sdk.Completers{"files": s.completeFile()},
	}, s.download)
}

func (s service) download(ctx context.Context, call *sdk.Call, in downloadIn) (downloadOut, error) {
	if err := checkAll("files", in.Files, 255); err != nil {
		return downloadOut{}, err
	}
	artifacts, err := s.fetchAll(ctx, &chain{call: call, total: float64(len(in.Files))}, in.Target, in.Files)
	if huaweicloud.Says(err, sdk.CodeInvalidArgument, sdk.CodeNotFound) {
		err = huaweicloud.Explain(err, "drs_list_templates shows the files that exist.")
	}
	return downloadOut{Artifacts: artifacts}, err
}

// fetchAll downloads the files one by one: what the cloud sends for several names at once is not documented.
func (s service) fetchAll(ctx context.Context, chain *chain, t huaweicloud.Target, names []string) ([]sdk.Artifact, error) {
	artifacts := make([]sdk.Artifact, 0, len(names))
	for n, name := range names {
		chain.step("downloading " + name)
		artifact, err := s.fetch(ctx, chain, t, name)
		if err != nil {
			if n > 0 {
				err = huaweicloud.Explain(err, fmt.Sprintf("The file was %s; stored before it: %s.", name, strings.Join(names[:n], ", ")))
			}
			return nil, err
		}
		artifacts = append(artifacts, artifact)
	}
	return artifacts, nil
}

// fetch calls DownloadCreateTemplate (https://support.huaweicloud.com/intl/en-us/api-drs/drs_03_0304.html), a POST that
// only reads.
func (s service) fetch(ctx context.Context, chain *chain, t huaweicloud.Target, name string) (sdk.Artifact, error) {
	expect := huaweicloud.KindAny
	if strings.HasSuffix(strings.ToLower(name), ".xlsx") {
		expect = huaweicloud.KindXLSX
	}
	result, err := s.cloud.Download(ctx, t, huaweicloud.Request{
		Operation: "DownloadCreateTemplate", Method: http.MethodPost, Idempotent: true,
		Path: []string{"v5", huaweicloud.ProjectSegment, "templates", "download"},
		Body: map[string][]string{"files": {name}},
	}, chain.call, huaweicloud.Download{
		Name: name, Expect: expect, IDs: map[string]string{"file_name": name}, Progress: chain.bytes,
	})
	return result.Artifact, err
}
