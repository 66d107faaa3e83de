package main

import (
	"context"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

type instancesIn struct {
	InstanceID string `json:"instance_id" jsonschema:"pattern=^[0-9A-Za-z]{36}$" jsonschema_description:"Id of the TaurusDB instance: 36 letters and digits that end in in07."`
	huaweicloud.Target
}

type instancesOut struct {
	Total     int        `json:"total" jsonschema_description:"Number of HTAP instances."`
	Instances []instance `json:"instances" jsonschema_description:"The HTAP instances."`
}

type instance struct {
	ID            string `json:"id" jsonschema_description:"Id of the HTAP instance. It ends in in17 for the standard edition, which has a template, and in in16 for the lightweight one, which has none."`
	Name          string `json:"name" jsonschema_description:"Name of the HTAP instance."`
	EngineName    string `json:"engine_name,omitempty" jsonschema_description:"Engine, such as starrocks or clickhouse."`
	EngineVersion string `json:"engine_version,omitempty" jsonschema_description:"Version of the engine."`
	Status        string `json:"status,omitempty" jsonschema_description:"Status as the cloud names it, such as normal."`
	DataVIP       string `json:"data_vip,omitempty" jsonschema_description:"Private IP address for data."`
	Port          int    `json:"port,omitempty" jsonschema_description:"Port for data."`
	CreateAt      int64  `json:"create_at,omitempty" jsonschema_description:"Time of creation, in milliseconds since 1970-01-01 UTC."`
}

func instancesTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "htap_list_instances",
		Title: "List HTAP instances",
		Description: "Lists the HTAP instances of a TaurusDB instance: ids, names, engines, addresses, status. " +
			"Use it to find the instance_id that htap_download_template needs.",
		Hints:   sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout: 2 * time.Minute,
	}, func(ctx context.Context, _ *sdk.Call, in instancesIn) (instancesOut, error) {
		return listInstances(ctx, client, in)
	})
}

// listInstances is https://support.huaweicloud.com/intl/en-us/api-taurusdb/ListHtapInstanceInfo.html.
func listInstances(ctx context.Context, client *huaweicloud.Client, in instancesIn) (instancesOut, error) {
	if suffixOf(in.InstanceID) != suffixTaurusDB {
		want := "give the id of the TaurusDB instance instead, which ends in in07 and is shown on the Instances page of the TaurusDB console"
		if suffixOf(in.InstanceID) == suffixStandard {
			want += "; if you want the template of this HTAP instance, call htap_download_template with it"
		}
		return instancesOut{}, wrongID(in.InstanceID, want)
	}
	var reply struct {
		Total     int `json:"total"`
		Instances []struct {
			instance
			State struct {
				Status string `json:"instance_status"`
			} `json:"instance_state"`
		} `json:"instances"`
	}
	_, err := client.JSON(ctx, in.Target, huaweicloud.Request{
		Operation: "ListHtapInstanceInfo",
		Path:      []string{"v3", huaweicloud.ProjectSegment, "instances", "{instance_id}", "htap"},
		IDs:       map[string]string{"instance_id": in.InstanceID},
	}, &reply)
	if err != nil {
		return instancesOut{}, err
	}
	out := instancesOut{Total: max(reply.Total, len(reply.Instances))}
	for _, found := range reply.Instances {
		found.Status = found.State.Status
		out.Instances = append(out.Instances, found.instance)
	}
	return out, nil
}
