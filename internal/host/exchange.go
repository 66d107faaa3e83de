package host

import (
	"context"
	"encoding/json"
)

// RPCError is a JSON-RPC error of the host's own choice. mcp-go turns every error of a handler into -32603.
type RPCError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error returns the message.
func (e *RPCError) Error() string { return e.Message }

// Exchange is what the handler of one request and its transport tell each other beside what mcp-go lets them. The
// transport makes one for each request and reads it after HandleMessage has returned.
type Exchange struct {
	// Error, when set, is the response instead of mcp-go's.
	Error *RPCError
	// Result, when set, is the response's result instead of mcp-go's: a JSON object, such as a CreateTaskResult.
	Result json.RawMessage
	// CloseStream ends the response's event stream early, so that the client polls for the rest (SEP-1699); nil where
	// that is not possible.
	CloseStream func()
}

type exchangeKey struct{}

// WithExchange returns a context that carries the exchange.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// ExchangeOf returns the request's exchange; one that nobody reads when the transport has made none.
func ExchangeOf(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}
