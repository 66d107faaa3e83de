package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/plugintest"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func TestListInstances(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	all := sdktest.Decode[listInstancesOut](t, h.Do(t, "roma_list_instances", plugintest.Object{}))
	if all.Total != 2 || len(all.Instances) != 2 {
		t.Errorf("got %+v", all)
	}
	some := sdktest.Decode[listInstancesOut](t, h.Do(t, "roma_list_instances", plugintest.Object{"status": "RUNNING"}))
	if some.Total != 1 || some.Instances[0].ID != emulator.ROMAInstanceID || some.Instances[0].Status != "RUNNING" {
		t.Errorf("got %+v", some)
	}
}

func TestListApps(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	out := sdktest.Decode[listAppsOut](t, h.Do(t, "roma_list_apps", plugintest.Object{"instance_id": emulator.ROMAInstanceID}))
	got := map[string]string{}
	for _, a := range out.Apps {
		got[a.ID] = a.Name
	}
	want := map[string]string{emulator.ROMAAppID: "orders", emulator.ROMASecondAppID: "订单接口", emulator.ROMAFailingAppID: "broken"}
	if diff := cmp.Diff(want, got); diff != "" || out.Total != 3 {
		t.Errorf("total %d, apps (-want +got):\n%s", out.Total, diff)
	}
	r := h.Do(t, "roma_list_apps", plugintest.Object{"instance_id": "13760c1f-e865-4e61-a09b-000000000000"})
	plugintest.WantFailure(t, r, sdk.CodeNotFound, "roma_list_instances")
}

// TestAllPages has a cloud whose pages are smaller than asked for, and one that pages without end.
func TestAllPages(t *testing.T) {
	t.Parallel()
	const count = 47
	for name, tc := range map[string]struct {
		size, total int
		ignore      bool
		want        int
	}{
		"small pages":            {size: 7, total: count, want: count},
		"offset ignored":         {size: 7, total: count, ignore: true, want: 7},
		"total too high":         {size: 7, total: count * 100, want: count},
		"one page":               {size: 100, total: count, want: count},
		"total missing, one all": {size: 100, total: 0, want: count},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plugintest.Stub(t, quick, plugintest.Routes{"/v2/p/instances/i/apps": func(w http.ResponseWriter, r *http.Request) {
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				if tc.ignore {
					offset = 0
				}
				apps := []map[string]string{}
				for n := offset; n < min(offset+tc.size, count); n++ {
					apps = append(apps, map[string]string{"id": fmt.Sprint("app", n), "name": "应用"})
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"total": tc.total, "apps": apps})
			}})
			out := sdktest.Decode[listAppsOut](t, h.Do(t, "roma_list_apps", plugintest.Object{"instance_id": "i"}))
			if len(out.Apps) != tc.want || out.Total != tc.want {
				t.Errorf("%d apps, total %d, want %d", len(out.Apps), out.Total, tc.want)
			}
		})
	}
}

func TestWhatCannotBeAnID(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	long := strings.Repeat("a", 65)
	for _, id := range []string{"", "a/b", "..", "a b", "a\nb", "a%2fb", "应用", "-a", long} {
		for tool, args := range map[string]plugintest.Object{
			"roma_list_apps":              {"instance_id": id},
			"roma_export_assets":          {"instance_id": "i", "apps": []string{id}},
			"roma_show_asset_job":         {"instance_id": "i", "job_id": id},
			"roma_download_asset_archive": {"instance_id": "i", "archive_id": id},
		} {
			plugintest.WantFailure(t, h.Do(t, tool, args), sdk.CodeInvalidArgument, "input schema refuses")
		}
	}
	for _, id := range []string{"", "a/b", "..", "a b", long} { // a host that does not look at the schema
		for argument, err := range map[string]error{
			"instance_id": checkExport(exportIn{InstanceID: id, Apps: []string{"a"}}),
			"apps":        checkExport(exportIn{InstanceID: "i", Apps: []string{"a", id}}),
			"tasks":       checkExport(exportIn{InstanceID: "i", Tasks: []string{id}}),
		} {
			if err == nil || !strings.Contains(err.Error(), strconv.Quote(argument)) {
				t.Errorf("%s %q: %v", argument, id, err)
			}
		}
	}
}

func TestExportArguments(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, quick, emulator.Config{})
	for name, args := range map[string]plugintest.Object{
		"no apps":        {"instance_id": "i", "apps": []string{}},
		"apps twice":     {"instance_id": "i", "apps": []string{"a", "a"}},
		"unknown":        {"instance_id": "i", "apps": []string{"a"}, "app": "a"},
		"apps missing":   {"instance_id": "i"},
		"too many apps":  {"instance_id": "i", "apps": plugintest.IDs(101)},
		"too many tasks": {"instance_id": "i", "apps": plugintest.IDs(1), "tasks": plugintest.IDs(101)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugintest.WantFailure(t, h.Do(t, "roma_export_assets", args), sdk.CodeInvalidArgument, "input schema refuses")
		})
	}
	good := plugintest.Object{"instance_id": emulator.ROMAInstanceID, "apps": plugintest.IDs(100), "tasks": plugintest.IDs(100), "wait": false, "region": "cn-north-4"}
	plugintest.WantFailure(t, h.Do(t, "roma_export_assets", good), sdk.CodeInvalidArgument, "ROMA.13000", "!input schema")
}
