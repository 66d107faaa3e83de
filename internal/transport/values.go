package transport

import (
	"encoding/json"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
	"mcp-server/sdk"
)

// maxValues bounds the names and values in one message. Each is up to a hundred bytes once it is decoded, and two are
// enough to write one: 4 MiB of empty objects become 150.
const maxValues = 200_000

// countValues returns how many names and values there are in JSON, at most a few more than there are. It decodes
// nothing.
func countValues(raw []byte) int {
	n, inString := 1, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == ':' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

func tooManyValues(raw []byte) bool { return len(raw) > maxValues && countValues(raw) > maxValues }

// size is how long a value is, which is not kept.
type size int

// UnmarshalJSON never fails.
func (s *size) UnmarshalJSON(value []byte) error {
	*s = size(len(value))
	return nil
}

// checkAmount bounds what a message costs once it is decoded.
func (m *message) checkAmount() *host.RPCError {
	var problem string
	switch {
	case m.params.Arguments > host.MaxArgumentBytes:
		problem = fmt.Sprintf("the arguments have %d bytes; at most %d are accepted", m.params.Arguments, host.MaxArgumentBytes)
	case m.crowded:
		problem = fmt.Sprintf("the message has more than %d names and values; send less at once, or long lists as text or a file", maxValues)
	default:
		return nil
	}
	m.excessive = true
	return refuse(mcp.INVALID_PARAMS, problem)
}

// refusal is the answer to a message with a problem. A call that brings too much fails as its tool would fail, so that
// the model gets to read why.
func (m *message) refusal(problem *host.RPCError) answer {
	if !m.excessive || m.method != string(mcp.MethodToolsCall) {
		return errorAnswer(m.id, problem)
	}
	result := mcp.NewToolResultError(problem.Message)
	result.Meta = mcp.NewMetaFromMap(map[string]any{host.ErrorMetaKey: host.Failure{
		Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument, Phase: host.PhaseArguments,
	}})
	if m.modern() {
		result.SetResultType(mcp.ResultTypeComplete)
	}
	return resultAnswer(m.id, result)
}

// versionOnly reads no more of a crowded _meta than its revision.
func versionOnly(meta json.RawMessage) map[string]json.RawMessage {
	var read struct {
		Version json.RawMessage `json:"io.modelcontextprotocol/protocolVersion"`
	}
	_ = json.Unmarshal(meta, &read) // as in readParams
	return map[string]json.RawMessage{mcp.MetaKeyProtocolVersion: read.Version}
}
