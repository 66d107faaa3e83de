package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
)

// maxIDBytes bounds an id, which is kept while its request runs and sent back.
const maxIDBytes = 1024

// message is one JSON-RPC message, read as far as a transport needs it.
type message struct {
	raw       json.RawMessage // what mcp-go gets
	id        json.RawMessage // the client's own bytes; nil for a notification
	badID     bool            // it has an id, which cannot be one
	method    string          // empty for a response
	hasMethod bool            // of whatever type
	params    params
	meta      map[string]json.RawMessage
	result    json.RawMessage
	fault     json.RawMessage

	crowded   bool  // it has more values than are decoded
	excessive bool  // it was refused for what it would cost
	hold      *hold // on HTTP
}

// params are the parameters that a transport looks at, each read only where it means something.
type params struct {
	raw            json.RawMessage
	Meta           json.RawMessage `json:"_meta"`
	RequestID      json.RawMessage `json:"requestId"`
	Arguments      size            `json:"arguments"`
	Task           json.RawMessage `json:"task"`
	TaskID         json.RawMessage `json:"taskId"`
	InputResponses json.RawMessage `json:"inputResponses"`
}

func (m *message) isRequest() bool      { return m.method != "" && m.id != nil }
func (m *message) isNotification() bool { return m.method != "" && m.id == nil && !m.badID }

// isResponse covers those with an id that nobody can have asked with. None is ever answered: two peers that answer each
// other's errors would never end.
func (m *message) isResponse() bool { return !m.hasMethod && (m.result != nil || m.fault != nil) }

// version is the revision that the message names in its _meta; empty in the revisions with a handshake.
func (m *message) version() string { return text(m.meta[mcp.MetaKeyProtocolVersion]) }

// modern reports whether the message belongs to the revisions without a handshake, 2026-07-28 and later.
func (m *message) modern() bool { return mcp.IsModernProtocol(m.version()) }

// parse reads one message. With an error the message still has the id to answer with, if there is one.
func parse(raw []byte) (*message, *host.RPCError) {
	var read struct {
		JSONRPC json.RawMessage `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  json.RawMessage `json:"method"`
		Params  json.RawMessage `json:"params"`
		Result  json.RawMessage `json:"result"`
		Error   json.RawMessage `json:"error"`
	}
	m := &message{raw: raw, crowded: tooManyValues(raw)}
	if err := json.Unmarshal(raw, &read); err != nil {
		if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); wrongType {
			return m, refuse(mcp.INVALID_REQUEST, "a message is a JSON object")
		}
		return m, refuse(mcp.PARSE_ERROR, "the message is not JSON: "+err.Error())
	}
	idError := checkID(read.ID)
	if m.badID = idError != nil; !m.badID {
		m.id = read.ID
	}
	m.method, m.hasMethod, m.result, m.fault = text(read.Method), read.Method != nil, read.Result, read.Error
	switch {
	case text(read.JSONRPC) != mcp.JSONRPC_VERSION:
		return m, refuse(mcp.INVALID_REQUEST, `jsonrpc must be "2.0"`)
	case idError != nil:
		return m, idError
	case read.Method != nil && m.method == "":
		return m, refuse(mcp.INVALID_REQUEST, "method must be a string, and not empty")
	case read.Method == nil && (m.id == nil || m.result == nil && m.fault == nil):
		return m, refuse(mcp.INVALID_REQUEST, "the message is neither a request nor a notification nor a response")
	}
	if m.isResponse() && m.crowded {
		m.result, m.fault = nil, json.RawMessage(`{"code":-32600,"message":"the answer has too many values"}`)
		return m, nil
	}
	if problem := m.readParams(read.Params); problem != nil {
		return m, problem
	}
	return m, m.checkAmount()
}

func (m *message) readParams(raw json.RawMessage) *host.RPCError {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if raw[0] != '{' {
		return refuse(mcp.INVALID_PARAMS, "params must be an object")
	}
	_ = json.Unmarshal(raw, &m.params) // cannot fail: an object, read into raw fields
	m.params.raw = raw
	if m.crowded {
		m.meta = versionOnly(m.params.Meta)
		return nil
	}
	if len(m.params.Meta) > 0 && m.params.Meta[0] == '{' {
		_ = json.Unmarshal(m.params.Meta, &m.meta) // as above
	}
	return nil
}

// checkID takes integers and strings, as MCP wants ids to be, and no id.
func checkID(id json.RawMessage) *host.RPCError {
	switch {
	case id == nil:
		return nil
	case len(id) > maxIDBytes:
		return refuse(mcp.INVALID_REQUEST, "the id is too long")
	case id[0] == '"', isInteger(id):
		return nil
	}
	return refuse(mcp.INVALID_REQUEST, "an id must be a string or an integer")
}

// isInteger leaves out numbers that mcp-go, which reads ids as float64, cannot hold at all.
func isInteger(id json.RawMessage) bool {
	digits := bytes.TrimPrefix(id, []byte("-"))
	return len(digits) > 0 && len(digits) <= 300 && len(bytes.Trim(digits, "0123456789")) == 0
}

// idKey makes ids comparable: 1 and "1" differ, "1" and "\u0031" do not.
func idKey(id json.RawMessage) string {
	if len(id) > 0 && id[0] == '"' {
		return "s" + text(id)
	}
	return "n" + string(id)
}

// text is the string that the JSON, which is known to be valid, is; empty for anything else.
func text(raw json.RawMessage) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner) // nearly always
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// forServer is the message as mcp-go gets it. The task parameter of 2025-11-25 is left out, because mcp-go would run the
// call as a task of that revision, which ends at once.
func (m *message) forServer() json.RawMessage {
	if m.method != string(mcp.MethodToolsCall) || m.params.Task == nil {
		return m.raw
	}
	var all map[string]json.RawMessage
	_ = json.Unmarshal(m.params.raw, &all) // cannot fail: read before
	for name := range all {
		if strings.EqualFold(name, "task") {
			delete(all, name)
		}
	}
	changed, err := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": m.id, "method": m.method, "params": all})
	if err != nil {
		return m.raw // cannot be: all of it was read from JSON
	}
	return changed
}

// isBatch reports whether the input is an array.
func isBatch(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 0 && raw[0] == '['
}

func refuse(code int, message string) *host.RPCError {
	return &host.RPCError{Code: code, Message: message}
}
