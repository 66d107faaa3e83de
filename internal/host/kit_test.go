package host

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// request is a message of the 2026-07-28 revision, from a client with all abilities.
type request struct {
	method       string
	params       map[string]any
	capabilities map[string]any
}

var allAbilities = map[string]any{
	"elicitation": map[string]any{}, "sampling": map[string]any{}, "roots": map[string]any{},
	"extensions": map[string]any{TasksExtension: map[string]any{}},
}

// reply is what a transport would send.
type reply struct {
	Result map[string]any
	Error  *RPCError
}

// ask sends one message through mcp-go, as a transport does.
func ask(ctx context.Context, t *testing.T, h *Host, r request) reply {
	t.Helper()
	params := map[string]any{"_meta": map[string]any{
		"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": r.capabilities,
		"io.modelcontextprotocol/clientInfo": map[string]any{"name": "test", "version": "1"},
	}}
	for key, value := range r.params {
		params[key] = value
	}
	message, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": r.method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	exchange := &Exchange{}
	answer, err := json.Marshal(h.mcp.HandleMessage(WithExchange(ctx, exchange), message))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Result map[string]any
		Error  *RPCError
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	switch {
	case exchange.Error != nil:
		return reply{Error: exchange.Error}
	case exchange.Result != nil:
		var result map[string]any
		if err := json.Unmarshal(exchange.Result, &result); err != nil {
			t.Fatal(err)
		}
		return reply{Result: result}
	}
	return reply{Result: got.Result, Error: got.Error}
}

// call is tools/call of a client with all abilities.
func callOf(tool string, more map[string]any) request {
	params := map[string]any{"name": tool, "arguments": map[string]any{}}
	for key, value := range more {
		params[key] = value
	}
	return request{method: "tools/call", params: params, capabilities: allAbilities}
}

// withTool makes a host with one tool of one plugin.
func withTool(t *testing.T, run fake) *Host {
	t.Helper()
	h := newTestHost(t)
	m := toolManifest("test_run")
	m.OutputSchema = nil
	h.add(examine("p", run, sdk.Manifest{Version: "1.2.3", Tools: []sdk.ToolManifest{m}}))
	return h
}

func blocks(text string) (json.RawMessage, error) {
	return json.Marshal(map[string]any{"content": []map[string]string{{"type": "text", "text": text}}})
}

// askingTool asks for a name and greets it.
func askingTool(ctx context.Context, _ supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
	reply := events.Ask(ctx, &pluginv1.Ask{Questions: []*pluginv1.Question{{
		Key: "name", Method: "elicitation/create", Params: []byte(`{"message":"Who?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}}}}`),
	}}})
	if e := reply.GetError(); e != nil {
		return nil, &sdk.Error{Code: sdk.Code(e.GetCode()), Source: sdk.Source(e.GetSource()), Message: e.GetMessage()}
	}
	var answer struct{ Content struct{ Name string } }
	if err := json.Unmarshal(reply.GetAnswers()["name"], &answer); err != nil {
		return nil, err
	}
	return blocks("Hello, " + answer.Content.Name + "!")
}

func accepted(name string) map[string]any {
	return map[string]any{"name": map[string]any{"action": "accept", "content": map[string]any{"name": name}}}
}

func textIn(r reply) string {
	content, _ := r.Result["content"].([]any)
	if len(content) == 0 {
		return fmt.Sprintf("%+v", r)
	}
	block, _ := content[0].(map[string]any)
	text, _ := block["text"].(string)
	return text
}

// echoName answers with the name that the plugin was called by.
func echoName(_ context.Context, r supervisor.Request, _ pluginv1.Events) (json.RawMessage, error) {
	return blocks(r.Tool)
}

// newBareHost has no store and no processes, so that it can live in a bubble of synctest.
func newBareHost(t *testing.T) *Host {
	t.Helper()
	processes, err := supervisor.Open(supervisor.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(processes.Close)
	h := newHost(Config{Logger: discard()})
	h.tenants.byName = map[string]*tenant{"": {supervisor: processes}}
	return h
}
