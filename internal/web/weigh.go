package web

import (
	"bytes"
	"encoding/json"
	"strings"
)

// weight is what the body of a POST asks for.
type weight struct {
	calls   int // requests that are counted and limited
	control int // pings, notifications, answers to the server and cancellations, which must get through beside calls
	listens int // streams that stay open
}

const smallBody = 64 << 10

// weigh counts the messages of a body. What it cannot read counts as one call: the endpoint will say what is wrong with it.
func weigh(body []byte) weight {
	type message struct {
		Method string `json:"method"`
	}
	var batch []message
	switch trimmed := bytes.TrimLeft(body, " \t\r\n"); {
	case len(trimmed) > 0 && trimmed[0] == '[':
		if json.Unmarshal(trimmed, &batch) != nil || len(batch) == 0 {
			return weight{calls: 1}
		}
	case len(body) > smallBody && !bytes.Contains(body, []byte("listen")) && !bytes.Contains(body, []byte(`\u`)):
		// No ping, surely no stream, and not worth reading twice.
		return weight{calls: 1}
	default:
		batch = make([]message, 1)
		if json.Unmarshal(trimmed, &batch[0]) != nil {
			return weight{calls: 1}
		}
	}
	var sum weight
	for _, m := range batch {
		switch {
		case m.Method == "subscriptions/listen":
			sum.listens++
		case m.Method == "", m.Method == "ping", m.Method == "tasks/cancel", strings.HasPrefix(m.Method, "notifications/"):
			sum.control++
		default:
			sum.calls++
		}
	}
	return sum
}
