package main

import (
	"context"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// completeInstance suggests the ids of the instances. ROMA lists neither jobs nor archives, so their ids cannot be suggested.
func (s service) completeInstance() sdk.Completer {
	return s.cloud.Completer("instances", nil, func(ctx context.Context, t huaweicloud.Target, _ map[string]string) ([]string, error) {
		out, err := s.listInstances(ctx, nil, listInstancesIn{Target: t})
		ids := make([]string, 0, len(out.Instances))
		for _, i := range out.Instances {
			ids = append(ids, i.ID)
		}
		return ids, err
	})
}

// completeApp suggests the ids of the applications of the instance that the argument instance_id names.
func (s service) completeApp() sdk.Completer {
	ask := func(ctx context.Context, t huaweicloud.Target, arguments map[string]string) ([]string, error) {
		out, err := s.listApps(ctx, nil, listAppsIn{InstanceID: arguments["instance_id"], Target: t})
		ids := make([]string, 0, len(out.Apps))
		for _, a := range out.Apps {
			ids = append(ids, a.ID)
		}
		return ids, err
	}
	return s.cloud.Completer("apps", []string{"instance_id"}, ask)
}
