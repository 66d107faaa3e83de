package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
)

// batch are the messages of one array, which only 2025-03-26 knows. Their answers are one array too.
type batch struct {
	requests []*message
	others   []*message // notifications and responses
	refused  []answer
}

// readBatch takes an array apart. A message that cannot be read has its own error in the answer.
func (t *Transport) readBatch(raw []byte, revision string) (batch, *host.RPCError) {
	if tooManyValues(raw) {
		return batch{}, refuse(mcp.INVALID_REQUEST, fmt.Sprintf("the batch has more than %d names and values; send less at once", maxValues))
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return batch{}, refuse(mcp.PARSE_ERROR, "the batch is not JSON: "+err.Error())
	}
	switch {
	case revision != mcp.ProtocolVersion20250326:
		return batch{}, refuse(mcp.INVALID_REQUEST, "batches are part of the revision 2025-03-26 only; send each message alone")
	case len(items) == 0:
		return batch{}, refuse(mcp.INVALID_REQUEST, "the batch is empty")
	case len(items) > t.cfg.Limits.BatchItems:
		return batch{}, refuse(mcp.INVALID_REQUEST, fmt.Sprintf("a batch holds at most %d messages", t.cfg.Limits.BatchItems))
	}
	var b batch
	for _, item := range items {
		m, problem := parse(item)
		if problem == nil && m.isRequest() && (m.method == string(mcp.MethodInitialize) || m.modern()) {
			problem = refuse(mcp.INVALID_REQUEST, m.method+" must not be in a batch")
		}
		switch {
		case problem != nil && (m.isNotification() || m.isResponse()):
		case problem != nil:
			b.refused = append(b.refused, m.refusal(problem))
		case m.isRequest():
			b.requests = append(b.requests, m)
		default:
			b.others = append(b.others, m)
		}
	}
	return b, nil
}

// join makes the answers one array; none when all were cancelled.
func join(answers []answer) answer {
	bodies := make([][]byte, 0, len(answers))
	for _, a := range answers {
		if a.body != nil {
			bodies = append(bodies, a.body)
		}
	}
	if len(bodies) == 0 {
		return answer{}
	}
	return answer{body: append(append([]byte{'['}, bytes.Join(bodies, []byte{','})...), ']')}
}

// collected are the answers of a batch while its requests run.
type collected struct {
	mu      sync.Mutex
	answers []answer
	left    int // one more than the requests that run
	done    func(answer)
}

func (c *collected) add(f *flight, a answer) {
	c.mu.Lock()
	if f == nil || !f.cancelled.Load() {
		c.answers = append(c.answers, a)
	}
	c.left--
	last := c.left == 0
	c.mu.Unlock()
	if last {
		c.done(join(c.answers))
	}
}
