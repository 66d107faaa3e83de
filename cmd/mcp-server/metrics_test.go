package main

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// TestMetricsAreTheDocumentedOnes makes calls, and finds every metric of the documentation with them in it.
func TestMetricsAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann", "deny: [htap_*]", "metrics: true")), args: []string{"--metrics-callers"}})
	ann := s.as(t, "ann")
	callTool(t, ann, "rfs_list_templates", nil)
	callTool(t, ann, downloadArchive, archiveArguments())
	callTool(t, ann, "roma_list_apps", object{"instance_id": "11111111-1111-1111-1111-111111111111"})
	for _, tool := range []string{"htap_list_instances", "no_such_tool", "another"} {
		_, _ = ann.CallTool(t.Context(), &mcp.CallToolParams{Name: tool}) // counted all the same
	}
	s.post(t, "nobody", initializeMessage) // refused
	metrics := s.request(t, http.MethodGet, s.url+"/metrics", "", authorization("ann")...).body
	documented, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("(?m)^\\| `[a-z_.]+` \\| `([a-z_]+)` \\|").FindAllStringSubmatch(string(documented), -1)
	quiet := []string{ // nothing has crashed, and nothing was refused to a plugin
		"mcp_server_plugin_crashes_total", "mcp_server_plugin_replays_total", "mcp_server_plugin_breaks_total", "mcp_server_egress_failures_total",
	}
	for _, m := range names {
		if name := m[1]; !strings.Contains(metrics, "# TYPE "+name+" ") && !slices.Contains(quiet, name) {
			t.Errorf("there is no metric %s", name)
		}
	}
	if len(names) < 9 {
		t.Errorf("the documentation has only %d metrics", len(names))
	}
	for _, want := range []string{
		`mcp_server_calls_total{gen_ai_tool_name="rfs_list_templates",mcp_server_caller="ann",mcp_server_code="ok",mcp_server_plugin="rfs-list-templates"} 1`,
		`mcp_server_calls_total{gen_ai_tool_name="roma_list_apps",mcp_server_caller="ann",mcp_server_code="not_found",`,
		`mcp_server_calls_total{gen_ai_tool_name="htap_list_instances",mcp_server_caller="ann",mcp_server_code="permission_denied",`,
		`mcp_server_calls_total{gen_ai_tool_name="other",mcp_server_caller="ann",mcp_server_code="not_found",mcp_server_plugin="other"} 2`,
		`mcp_server_artifacts_total{mcp_server_plugin="roma-download-archive"} 1`,
		`mcp_server_plugin_starts_total{mcp_server_plugin="roma-download-archive"} 1`,
		`http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",http_route="/mcp"}`,
		`http_response_status_code="404",mcp_server_plugin="roma-download-archive",server_address="127.0.0.1"`,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, id := range []string{emulator.ROMAInstanceID, emulator.ProjectID, "no_such_tool"} {
		if strings.Contains(metrics, id) {
			t.Errorf("the metrics hold %s", id)
		}
	}
}
