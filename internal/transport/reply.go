package transport

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
)

// codeBusy answers a request beyond the bound of those in flight.
const codeBusy = -32000

// answer is a response, encoded. The zero value is none.
type answer struct {
	body []byte
	code int // of the error; 0 for a result
}

// resultAnswer encodes a result. One that cannot be encoded, such as a list with a broken raw schema, is an error that
// the client gets to see.
func resultAnswer(id json.RawMessage, result any) answer {
	var out bytes.Buffer
	out.WriteString(`{"jsonrpc":"2.0","id":`)
	out.Write(id)
	out.WriteString(`,"result":`)
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result); err != nil {
		return errorAnswer(id, refuse(mcp.INTERNAL_ERROR, fmt.Sprintf("the result cannot be written as JSON: %v", err)))
	}
	out.Truncate(out.Len() - 1) // the encoder's newline
	out.WriteByte('}')
	return answer{body: out.Bytes()}
}

// errorAnswer encodes an error; without an id it is null, as JSON-RPC has it for a request that cannot be told.
func errorAnswer(id json.RawMessage, e *host.RPCError) answer {
	if id == nil {
		id = json.RawMessage("null")
	}
	body, err := json.Marshal(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *host.RPCError  `json:"error"`
	}{mcp.JSONRPC_VERSION, id, e})
	if err != nil { // its data is not JSON
		return errorAnswer(id, refuse(e.Code, e.Message))
	}
	return answer{body: body, code: e.Code}
}

// answerOf encodes what mcp-go, or the handler through its exchange, has answered.
func answerOf(id json.RawMessage, response mcp.JSONRPCMessage, ex *host.Exchange) answer {
	switch {
	case ex.Error != nil:
		return errorAnswer(id, ex.Error)
	case ex.Result != nil:
		return resultAnswer(id, ex.Result)
	}
	switch r := response.(type) {
	case mcp.JSONRPCResponse:
		return resultAnswer(id, tagged(r.Result, id))
	case mcp.JSONRPCError:
		e := refuse(r.Error.Code, r.Error.Message)
		if r.Error.Data != nil {
			e.Data, _ = json.Marshal(r.Error.Data) // an error without data is better than none
		}
		return errorAnswer(id, e)
	}
	return errorAnswer(id, refuse(mcp.INTERNAL_ERROR, "the server has no answer to this"))
}

// tagged gives the result that ends a listen stream the client's own id, which mcp-go has read as a float64.
func tagged(result any, id json.RawMessage) any {
	closing, ok := result.(mcp.SubscriptionsListenResult)
	if !ok {
		return result
	}
	closing.EnsureResultMeta().SetSubscriptionID(id)
	return closing
}
