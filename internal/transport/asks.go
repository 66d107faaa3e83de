package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// maxAsks bounds what waits for the answers of one client.
const maxAsks = 1000

// asks are the requests to one client that wait for its answers, by our ids.
type asks struct {
	mu      sync.Mutex
	serial  int
	waiting map[string]chan *message // closed without one when no answer can come any more
	gone    bool
}

var errNoAnswers = errors.New("no answer can come any more: the connection or the server is ending")

func (a *asks) begin() (id string, reply chan *message, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return "", nil, errNoAnswers
	}
	if len(a.waiting) >= maxAsks {
		return "", nil, fmt.Errorf("the client has %d questions to answer already", maxAsks)
	}
	if a.waiting == nil {
		a.waiting = map[string]chan *message{}
	}
	a.serial++
	id, reply = strconv.Itoa(a.serial), make(chan *message, 1)
	a.waiting["n"+id] = reply
	return id, reply, nil
}

func (a *asks) end(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, "n"+id)
}

// abandon ends what waits for answers: the client's end of the connection is closed, or its messages are refused.
func (a *asks) abandon() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
	for key, reply := range a.waiting {
		delete(a.waiting, key)
		close(reply)
	}
}

// answered hands a response over. One that comes too late, or that nobody asked for, is dropped.
func (a *asks) answered(m *message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := idKey(m.id)
	if reply := a.waiting[key]; reply != nil {
		delete(a.waiting, key)
		reply <- m
	}
}

// ask sends a request to the client and waits for its answer as long as the call lives.
func (c *call) ask(ctx context.Context, method mcp.MCPMethod, params, result any) error {
	id, reply, err := c.asks.begin()
	if err != nil {
		return err
	}
	defer c.asks.end(id)
	data, err := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": json.RawMessage(id), "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("writing %s: %w", method, err)
	}
	c.out.push(event{data: data})
	select {
	case m := <-reply:
		if m == nil {
			return fmt.Errorf("asking the client for %s: %w", method, errNoAnswers)
		}
		return decodeReply(m, method, result)
	case <-ctx.Done():
		c.out.push(event{data: fmt.Appendf(nil,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s,"reason":"the call has ended"}}`, id)})
		return fmt.Errorf("waiting for the client's answer to %s: %w", method, context.Cause(ctx))
	}
}

func decodeReply(m *message, method mcp.MCPMethod, result any) error {
	if m.fault != nil {
		var e struct {
			Code    json.Number `json:"code"`
			Message string      `json:"message"`
		}
		_ = json.Unmarshal(m.fault, &e) // what cannot be read stays empty
		return fmt.Errorf("the client refused %s: %s (%s)", method, e.Message, e.Code)
	}
	if err := json.Unmarshal(m.result, result); err != nil {
		return fmt.Errorf("reading the client's answer to %s: %w", method, err)
	}
	return nil
}
