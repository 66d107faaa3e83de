package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type templateIn struct {
	InstanceID   string `json:"instance_id" jsonschema:"pattern=^[0-9A-Za-z]{36}$" jsonschema_description:"Id of the standard HTAP instance (StarRocks): 36 letters and digits that end in in17."`
	TemplateType string `json:"template_type,omitempty" jsonschema:"enum=import_async,default=import_async" jsonschema_description:"Type of the template; import_async is the Excel file."`
	Language     string `json:"language,omitempty" jsonschema:"enum=en-us,enum=zh-cn,default=en-us" jsonschema_description:"Language of the template."`
	huaweicloud.Target
}

type templateOut struct {
	InstanceID string         `json:"instance_id" jsonschema_description:"Id of the HTAP instance."`
	Artifacts  []sdk.Artifact `json:"artifacts" jsonschema_description:"The stored workbook (xlsx)."`
}

func templateTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "htap_download_template",
		Title: "Download the HTAP synchronization template",
		Description: "Downloads the Excel template in which tables are listed for data synchronization into a standard HTAP instance, and stores it. " +
			"htap_list_instances finds the instance_id.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout: 30 * time.Minute,
	}, func(ctx context.Context, call *sdk.Call, in templateIn) (templateOut, error) {
		return downloadTemplate(ctx, client, call, in)
	})
}

// downloadTemplate is https://support.huaweicloud.com/intl/en-us/api-taurusdb/DownloadImportExcelTemplate.html.
func downloadTemplate(ctx context.Context, client *huaweicloud.Client, call *sdk.Call, in templateIn) (templateOut, error) {
	if err := checkStandard(in.InstanceID); err != nil {
		return templateOut{}, err
	}
	request := huaweicloud.Request{
		Operation: "DownloadImportExcelTemplate",
		Path:      []string{"v3", huaweicloud.ProjectSegment, "instances", "{instance_id}", "htap", "template"},
		IDs:       map[string]string{"instance_id": in.InstanceID},
		Query:     url.Values{"template_type": {in.TemplateType}},
		Header:    http.Header{"X-Language": {in.Language}},
	}
	result, err := client.Download(ctx, in.Target, request, call, huaweicloud.Download{
		Name:           "htap-" + in.InstanceID + "-" + in.TemplateType,
		NameFromHeader: true,
		Expect:         huaweicloud.KindXLSX,
		IDs:            map[string]string{"instance_id": in.InstanceID, "template_type": in.TemplateType, "language": in.Language},
	})
	if err != nil {
		return templateOut{}, err
	}
	return templateOut{InstanceID: in.InstanceID, Artifacts: []sdk.Artifact{result.Artifact}}, nil
}

// checkStandard refuses the ids that the cloud would answer with no more than "Parameter error.".
func checkStandard(id string) error {
	switch suffixOf(id) {
	case suffixStandard:
		return nil
	case suffixLightweight:
		return wrongID(id, "the lightweight edition has no such template. "+
			"Use a standard HTAP instance, whose id ends in in17: htap_list_instances lists those of a TaurusDB instance")
	case suffixTaurusDB:
		return wrongID(id, "the template belongs to one of its standard HTAP instances: "+
			"call htap_list_instances with this id, then this tool with the id that ends in in17")
	}
	return wrongID(id, "htap_list_instances finds the one that ends in in17")
}
