package transport

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
)

// burst is how many notifications a handler may send at once before the stream gets to them.
const burst = 1024

// call is one request as mcp-go sees it: a session of its own, so that what its handler sends goes to its own stream,
// on top of what the peer knows.
type call struct {
	*peer
	request *message
	out     *stream
	hear    func(mcp.JSONRPCNotification) // where notifications go instead of send; for a listener

	mu     sync.Mutex
	ch     chan mcp.JSONRPCNotification
	stop   chan struct{}
	pumped chan struct{}
	ended  bool
}

func newCall(p *peer, m *message, out *stream) *call {
	return &call{peer: p, request: m, out: out}
}

// Initialized is true for every request: its own notifications need no handshake.
func (c *call) Initialized() bool { return true }

// NotificationChannel is where mcp-go puts what the handler sends. What comes after the response is refused.
func (c *call) NotificationChannel() chan<- mcp.JSONRPCNotification {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil
	}
	if c.ch == nil {
		size := burst
		if c.hear != nil {
			size = 1 // the acknowledgement; what follows comes from the board
		}
		c.ch, c.stop, c.pumped = make(chan mcp.JSONRPCNotification, size), make(chan struct{}), make(chan struct{})
		go c.pump() // until end
	}
	return c.ch
}

func (c *call) pump() {
	defer close(c.pumped)
	for {
		select {
		case n := <-c.ch:
			c.send(n)
			continue
		default:
		}
		select {
		case n := <-c.ch:
			c.send(n)
		case <-c.stop:
			for len(c.ch) > 0 {
				c.send(<-c.ch)
			}
			return
		}
	}
}

// end puts the last notifications into the stream; none is taken any more.
func (c *call) end() {
	c.mu.Lock()
	c.ended = true
	ch := c.ch
	c.mu.Unlock()
	if ch != nil {
		close(c.stop)
		<-c.pumped
	}
}

func (c *call) send(n mcp.JSONRPCNotification) {
	if c.out.drops(n.Method) {
		return
	}
	if c.hear != nil {
		c.hear(n)
		return
	}
	if e, ok := c.encode(n); ok {
		c.out.push(e)
	}
}

// encode writes a notification. A progress token goes back as the client's own bytes, which mcp-go has read as a float64.
func (c *call) encode(n mcp.JSONRPCNotification) (event, bool) {
	token := c.request.meta["progressToken"]
	progress := n.Method == "notifications/progress" && token != nil
	if progress {
		fields := make(map[string]any, len(n.Params.AdditionalFields))
		for name, value := range n.Params.AdditionalFields {
			fields[name] = value
		}
		fields["progressToken"] = token
		n.Params.AdditionalFields = fields
	}
	e, ok := encodeNote(n)
	if progress {
		e.topic = string(token)
	}
	return e, ok
}

// encodeNote also says which later notification may stand for this one.
func encodeNote(n mcp.JSONRPCNotification) (event, bool) {
	data, err := json.Marshal(n)
	if err != nil {
		return event{}, false // a handler's value that is not JSON
	}
	e := event{kind: eventOther, topic: n.Method, data: data}
	switch n.Method {
	case "notifications/progress":
		e.kind = eventProgress
	case "notifications/message":
		e.kind, e.topic = eventLogged, ""
	case mcp.MethodNotificationResourceUpdated:
		uri, _ := n.Params.AdditionalFields["uri"].(string)
		e.topic += " " + uri
	}
	return e, true
}

// RequestSampling asks the client for a completion, on the call's own stream.
func (c *call) RequestSampling(ctx context.Context, r mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
	if c.GetClientCapabilities().Sampling == nil {
		return nil, errors.New("the client has not declared sampling")
	}
	var result mcp.CreateMessageResult
	if err := c.ask(ctx, mcp.MethodSamplingCreateMessage, r.CreateMessageParams, &result); err != nil {
		return nil, err
	}
	content, err := mcp.ParseSamplingContent(result.Content)
	if err != nil {
		return nil, err
	}
	result.Content = content
	return &result, nil
}

// RequestElicitation asks the client's user.
func (c *call) RequestElicitation(ctx context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	if c.GetClientCapabilities().Elicitation == nil {
		return nil, errors.New("the client has not declared elicitation")
	}
	var result mcp.ElicitationResult
	if err := c.ask(ctx, mcp.MethodElicitationCreate, r.Params, &result); err != nil {
		return nil, err
	}
	return &result, nil
}

// ListRoots asks the client for its roots.
func (c *call) ListRoots(ctx context.Context, _ mcp.ListRootsRequest) (*mcp.ListRootsResult, error) {
	if c.GetClientCapabilities().Roots == nil {
		return nil, errors.New("the client has not declared roots")
	}
	var result mcp.ListRootsResult
	if err := c.ask(ctx, mcp.MethodListRoots, struct{}{}, &result); err != nil {
		return nil, err
	}
	return &result, nil
}

func (c *call) callerOf() access.Caller { return c.caller }
