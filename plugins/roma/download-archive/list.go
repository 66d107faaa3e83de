package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

const (
	pageSize = 100
	maxItems = 10_000
)

type listInstancesIn struct {
	Status string `json:"status,omitempty" jsonschema:"maxLength=64,pattern=^[A-Z_]+$" jsonschema_description:"Only the instances in this status, such as RUNNING."`
	huaweicloud.Target
}

type listInstancesOut struct {
	Instances []instance `json:"instances" jsonschema_description:"The instances."`
	Total     int        `json:"total" jsonschema_description:"How many instances there are."`
}

type instance struct {
	ID              string `json:"id" jsonschema_description:"Instance id, the instance_id of the other tools."`
	Name            string `json:"name" jsonschema_description:"Instance name."`
	Status          string `json:"status" jsonschema_description:"Instance status, such as RUNNING."`
	FlavorType      string `json:"flavor_type,omitempty" jsonschema_description:"Edition."`
	PublicIPAddress string `json:"publicip_address,omitempty" jsonschema_description:"Public IP address, if it has one."`
	CreateTime      string `json:"create_time,omitempty" jsonschema_description:"When it was created, RFC 3339."`
	Description     string `json:"description,omitempty" jsonschema_description:"What its owner wrote about it."`
}

func (s service) listInstancesTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "roma_list_instances",
		Title: "List ROMA instances",
		Description: "Lists the ROMA Connect instances of the project with name and status. " +
			"Use it to find the instance_id that the other roma tools take.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout: 2 * time.Minute,
	}, s.listInstances)
}

// listInstances calls CheckRomaInstanceListV2 (https://support.huaweicloud.com/intl/en-us/api-roma/CheckRomaInstanceListV2.html).
func (s service) listInstances(ctx context.Context, _ *sdk.Call, in listInstancesIn) (listInstancesOut, error) {
	list, err := walk(func(query url.Values) ([]instance, int, error) {
		if in.Status != "" {
			query.Set("status", in.Status)
		}
		var reply listInstancesOut
		_, err := s.cloud.JSON(ctx, in.Target, huaweicloud.Request{
			Operation: "CheckRomaInstanceListV2", Path: []string{"v2", huaweicloud.ProjectSegment, "instances"}, Query: query,
		}, &reply)
		return reply.Instances, reply.Total, err
	})
	return listInstancesOut{Instances: list, Total: len(list)}, err
}

type listAppsIn struct {
	InstanceID string `json:"instance_id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9_-]{0\\,63}$" jsonschema_description:"Id of the ROMA instance, from roma_list_instances."`
	huaweicloud.Target
}

type listAppsOut struct {
	Apps  []app `json:"apps" jsonschema_description:"The applications."`
	Total int   `json:"total" jsonschema_description:"How many applications there are."`
}

type app struct {
	ID         string `json:"id" jsonschema_description:"Application id, for apps of roma_export_assets."`
	Name       string `json:"name" jsonschema_description:"Application name."`
	Remark     string `json:"remark,omitempty" jsonschema_description:"What its owner wrote about it."`
	CreateTime string `json:"create_time,omitempty" jsonschema_description:"When it was created, RFC 3339."`
	UpdateTime string `json:"update_time,omitempty" jsonschema_description:"When it was changed last, RFC 3339."`
}

func (s service) listAppsTool() sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "roma_list_apps",
		Title: "List ROMA applications",
		Description: "Lists the integration applications of a ROMA Connect instance that the user may see. " +
			"Use it to find the application ids that roma_export_assets takes; roma_list_instances gives the instance_id.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  2 * time.Minute,
		Complete: sdk.Completers{"instance_id": s.completeInstance()},
	}, s.listApps)
}

// listApps calls ListRomaApp (https://support.huaweicloud.com/intl/en-us/api-roma/ListRomaApp.html).
func (s service) listApps(ctx context.Context, _ *sdk.Call, in listAppsIn) (listAppsOut, error) {
	if err := checkIDs([2]string{"instance_id", in.InstanceID}); err != nil {
		return listAppsOut{}, err
	}
	list, err := walk(func(query url.Values) ([]app, int, error) {
		var reply listAppsOut
		request := onInstance("ListRomaApp", in.InstanceID, "apps")
		request.Query = query
		_, err := s.cloud.JSON(ctx, in.Target, request, &reply)
		return reply.Apps, reply.Total, err
	})
	if huaweicloud.Says(err, sdk.CodeNotFound) {
		err = huaweicloud.Explain(err, "roma_list_instances gives the instance_id.")
	}
	return listAppsOut{Apps: list, Total: len(list)}, err
}

// walk collects all pages of a list. The largest page is not documented, so what came counts and not what was asked
// for; a page without anything new ends the walk, whatever the total says.
func walk[T comparable](page func(query url.Values) (items []T, total int, err error)) ([]T, error) {
	var all []T
	seen := map[T]bool{}
	for offset := 0; ; {
		items, total, err := page(url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}})
		if err != nil {
			return nil, err
		}
		known := len(all)
		for _, item := range items {
			if !seen[item] {
				seen[item] = true
				all = append(all, item)
			}
		}
		offset += len(items)
		if len(all) == known || offset >= total || len(all) >= maxItems {
			return all, nil
		}
	}
}
