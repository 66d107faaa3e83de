package transport

import (
	"context"
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
)

// Tasks are calls that go on after their response. An unknown id is -32602.
type Tasks interface {
	// GetTask returns a DetailedTask with its resultType.
	GetTask(ctx context.Context, id string) (json.RawMessage, *host.RPCError)
	// UpdateTask hands answers over, by the keys of the questions.
	UpdateTask(ctx context.Context, id string, answers map[string]json.RawMessage) *host.RPCError
	// CancelTask cancels a task; one that has ended is left as it is.
	CancelTask(ctx context.Context, id string) *host.RPCError
}

// isTaskMethod covers the methods of the extension and those of 2025-11-25's tasks, which nothing here offers.
func isTaskMethod(method string) bool {
	switch method {
	case "tasks/get", "tasks/update", "tasks/cancel", "tasks/result", "tasks/list":
		return true
	}
	return false
}

// namesTask reports whether the request's Mcp-Name is its task.
func namesTask(method string) bool {
	return isTaskMethod(method) && method != "tasks/result" && method != "tasks/list"
}

func (t *Transport) answerTask(ctx context.Context, m *message) answer {
	if t.cfg.Tasks == nil || !m.modern() || !namesTask(m.method) {
		return errorAnswer(m.id, refuse(mcp.METHOD_NOT_FOUND, "there is no method "+m.method))
	}
	if !mcp.IsValidProtocolVersion(m.version()) {
		return unsupportedVersion(m)
	}
	if e := needsTasks(m); e != nil {
		return errorAnswer(m.id, e)
	}
	id := text(m.params.TaskID)
	if id == "" {
		return errorAnswer(m.id, refuse(mcp.INVALID_PARAMS, "taskId must be a string, and not empty"))
	}
	result, e := t.runTask(ctx, m, id)
	if e != nil {
		return errorAnswer(m.id, e)
	}
	return resultAnswer(m.id, result)
}

func (t *Transport) runTask(ctx context.Context, m *message, id string) (json.RawMessage, *host.RPCError) {
	done := json.RawMessage(`{"resultType":"complete"}`)
	switch m.method {
	case "tasks/get":
		return t.cfg.Tasks.GetTask(ctx, id)
	case "tasks/cancel":
		return done, t.cfg.Tasks.CancelTask(ctx, id)
	}
	answers := map[string]json.RawMessage{}
	if m.params.InputResponses != nil && json.Unmarshal(m.params.InputResponses, &answers) != nil {
		return nil, refuse(mcp.INVALID_PARAMS, "inputResponses must be an object")
	}
	return done, t.cfg.Tasks.UpdateTask(ctx, id, answers)
}

// needsTasks wants the request itself to declare the extension.
func needsTasks(m *message) *host.RPCError {
	raw := m.meta[mcp.MetaKeyClientCapabilities]
	var declared struct {
		Extensions map[string]json.RawMessage `json:"extensions"`
	}
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &declared) != nil {
		return refuse(mcp.INVALID_PARAMS, "missing or invalid _meta field "+mcp.MetaKeyClientCapabilities)
	}
	if _, ok := declared.Extensions[host.TasksExtension]; ok {
		return nil
	}
	e := refuse(mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, "the request does not declare the extension "+host.TasksExtension)
	e.Data = json.RawMessage(`{"requiredCapabilities":{"extensions":{"` + host.TasksExtension + `":{}}}}`)
	return e
}

func unsupportedVersion(m *message) answer {
	refusal := mcp.UnsupportedProtocolVersionError{Version: m.version(), Supported: mcp.ValidProtocolVersions}.JSONRPCError().Error
	e := refuse(refusal.Code, refusal.Message)
	e.Data, _ = json.Marshal(refusal.Data) // strings
	return errorAnswer(m.id, e)
}
