package main

import (
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
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	got := sdktest.Decode[instancesOut](t, h.Do(t, "htap_list_instances", plugintest.Object{"instance_id": emulator.TaurusDBInstanceID}))
	want := instancesOut{Total: 2, Instances: []instance{
		{ID: emulator.HTAPInstanceID, Name: "htap-standard", EngineName: "starrocks", EngineVersion: "3.1.6.0", Status: "normal",
			DataVIP: "172.16.0.17", Port: 9030, CreateAt: 1751535910000},
		{ID: emulator.LightweightHTAPInstanceID, Name: "htap-lightweight", EngineName: "clickhouse", EngineVersion: "22.3.9.19", Status: "normal",
			DataVIP: "172.16.0.16", Port: 8123, CreateAt: 1751535910000},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	requests := h.Cloud.Requests()
	if len(requests) != 1 || !strings.Contains(strings.Join(requests[0].Headers, " "), "Content-Type") {
		t.Errorf("want one request with a Content-Type, which the documentation demands: %+v", requests)
	}
}

func TestListInstancesExplainsOtherIDs(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for id, words := range map[string][]string{
		emulator.HTAPInstanceID:                  {"standard HTAP", "in07", "htap_download_template"},
		emulator.LightweightHTAPInstanceID:       {"lightweight HTAP", "ClickHouse", "in07"},
		strings.Repeat("a", 32) + "in01":         {"not an instance id of TaurusDB", "in07"},
		strings.ToUpper(emulator.HTAPInstanceID): {"not an instance id of TaurusDB", "in07"},
	} {
		plugintest.WantFailure(t, h.Do(t, "htap_list_instances", plugintest.Object{"instance_id": id}), sdk.CodeInvalidArgument, append(words, "instance_id")...)
	}
	if requests := h.Cloud.Requests(); len(requests) != 0 {
		t.Errorf("the cloud was asked: %+v", requests)
	}
}

func TestListInstancesPassesTheCloudsErrorsOn(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	unknown := plugintest.Object{"instance_id": strings.Repeat("0", 32) + "in07"}
	plugintest.WantFailure(t, h.Do(t, "htap_list_instances", unknown), sdk.CodeNotFound, "DBS.200002", "request id")

	known := plugintest.Object{"instance_id": emulator.TaurusDBInstanceID}
	h.Cloud.SetFaults(emulator.Fault{Service: "HTAP", Kind: emulator.FaultWrongType})
	plugintest.WantFailure(t, h.Do(t, "htap_list_instances", known), sdk.CodeUnknown, "DBS.200005")

	h.Cloud.SetFaults(emulator.Fault{Service: "HTAP", Kind: emulator.FaultThrottle, Times: 1})
	sdktest.Decode[instancesOut](t, h.Do(t, "htap_list_instances", known))
}

func TestSchemasRefuseWhatIsNoID(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, newPlugin, emulator.Config{})
	for _, tool := range []string{"htap_list_instances", "htap_download_template"} {
		for _, id := range []string{"", "..", "my-taurusdb", "a/../../b", emulator.HTAPInstanceID + "0", " " + emulator.HTAPInstanceID[1:]} {
			if h.Accepts(tool, plugintest.Object{"instance_id": id}) {
				t.Errorf("%s takes %q", tool, id)
			}
		}
	}
	for _, more := range []plugintest.Object{{"language": "de"}, {"template_type": "export"}, {"unknown": 1}} {
		more["instance_id"] = emulator.HTAPInstanceID
		if h.Accepts("htap_download_template", more) {
			t.Errorf("htap_download_template takes %v", more)
		}
	}
}
