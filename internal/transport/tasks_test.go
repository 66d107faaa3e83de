package transport

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/host"
)

// fakeTasks know one task, and its owner.
type fakeTasks struct{}

func (fakeTasks) GetTask(ctx context.Context, id string) (json.RawMessage, *host.RPCError) {
	if id != "t" || access.CallerOf(ctx).Name != "ann" {
		return nil, refuse(mcp.INVALID_PARAMS, "no such task")
	}
	return json.RawMessage(`{"resultType":"complete","taskId":"t"}`), nil
}

func (fakeTasks) UpdateTask(_ context.Context, _ string, answers map[string]json.RawMessage) *host.RPCError {
	if keys := slices.Sorted(maps.Keys(answers)); len(keys) != 1 || keys[0] != "key" {
		return refuse(mcp.INVALID_PARAMS, "no such question")
	}
	return nil
}

func (fakeTasks) CancelTask(context.Context, string) *host.RPCError { return nil }

// TestTasks has the methods of the extension, on both sides of its conditions.
func TestTasks(t *testing.T) {
	t.Parallel()
	w := serveWeb(t, newTestTransport(t, newFixture().MCPServer, func(c *Config) { c.Tasks = fakeTasks{} }))
	w.asCallers()
	declared := func(method, params string) string {
		return strings.Replace(modernLine("1", method, params), `clientCapabilities":{}`, `clientCapabilities":{"extensions":{"`+host.TasksExtension+`":{}}}`, 1)
	}
	for name, tc := range map[string]struct {
		line, name, caller string
		status             int
		want               string
	}{
		"get":           {declared("tasks/get", `"taskId":"t"`), "t", "ann", 200, `"result":{"resultType":"complete","taskId":"t"}`},
		"another's":     {declared("tasks/get", `"taskId":"t"`), "t", "eve", 400, `"code":-32602`},
		"unknown":       {declared("tasks/get", `"taskId":"u"`), "u", "ann", 400, `"code":-32602`},
		"other name":    {declared("tasks/get", `"taskId":"t"`), "u", "ann", 400, `"code":-32020`},
		"no name":       {declared("tasks/get", `"taskId":"t"`), "", "ann", 400, `"code":-32020`},
		"no id":         {declared("tasks/get", `"x":1`), "t", "ann", 400, `"code":-32020`},
		"not declared":  {modernLine("1", "tasks/get", `"taskId":"t"`), "t", "ann", 400, `"code":-32021`},
		"update":        {declared("tasks/update", `"taskId":"t","inputResponses":{"key":{}}`), "t", "ann", 200, `"result":{"resultType":"complete"}`},
		"wrong answers": {declared("tasks/update", `"taskId":"t","inputResponses":[]`), "t", "ann", 400, `"code":-32602`},
		"cancel":        {declared("tasks/cancel", `"taskId":"t"`), "t", "ann", 200, `"result":{"resultType":"complete"}`},
		"result":        {declared("tasks/result", `"taskId":"t"`), "t", "ann", 404, `"code":-32601`},
		"list":          {declared("tasks/list", ""), "", "ann", 404, `"code":-32601`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := append(modernHeaders(t, tc.line), "Caller", tc.caller)
			if tc.name != "" {
				headers = append(headers, mcp.HeaderName, tc.name)
			}
			if a := w.post(tc.line, headers...); a.StatusCode != tc.status || !strings.Contains(a.body, tc.want) {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
	without := serveWeb(t, newTestTransport(t, newFixture().MCPServer, nil))
	if a := without.modern(declared("tasks/get", `"taskId":"t"`), mcp.HeaderName, "t"); a.StatusCode != http.StatusNotFound {
		t.Errorf("without tasks: %d %s", a.StatusCode, a.body)
	}
}

// TestArgumentHeaders compares a header that repeats an argument.
func TestArgumentHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.AddTool(mcp.NewToolWithRawSchema("zone", "x", json.RawMessage(`{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}`)),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("ok"), nil
		})
	w := serveWeb(t, newTestTransport(t, f.MCPServer, nil))
	line := modernLine("1", "tools/call", `"name":"zone","arguments":{"region":"eu"}`)
	for _, tc := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Mcp-Param-Region", "eu"}, 200},
		{[]string{"Mcp-Param-Region", "=?base64?ZXU=?="}, 200},
		{nil, 400},
		{[]string{"Mcp-Param-Region", "us"}, 400},
		{[]string{"Mcp-Param-Region", "eu", "Mcp-Param-Region", "us"}, 400},
	} {
		if a := w.modern(line, tc.headers...); a.StatusCode != tc.status {
			t.Errorf("%v: %d %s", tc.headers, a.StatusCode, a.body)
		}
	}
}
