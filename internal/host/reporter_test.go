package host

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// session is a client that listens.
type session struct{ notifications chan mcp.JSONRPCNotification }

func (s session) Initialize()                                         {}
func (s session) Initialized() bool                                   { return true }
func (s session) SessionID() string                                   { return "test" }
func (s session) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notifications }

// TestProgressIsThinnedAndTheLastIsSent reports faster than a client needs to know.
func TestProgressIsThinnedAndTheLastIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &Host{logger: discard(), catalog: newCatalog()}
		s := h.newMCPServer()
		client := session{notifications: make(chan mcp.JSONRPCNotification, 100)}
		ctx := s.WithContext(t.Context(), client)
		r := newReporter(ctx, s, &mcp.Meta{ProgressToken: "token"})
		for n := range progressBurst + 5 {
			r.report(Progress{Done: float64(n)})
		}
		time.Sleep(progressInterval)
		r.report(Progress{Done: 100})
		r.report(Progress{Done: 101})
		r.flush()
		got := sent(client)
		if len(got) != progressBurst+2 || !slices.IsSorted(got) || got[progressBurst] != 100 || got[progressBurst+1] != 101 {
			t.Errorf("sent %v", got)
		}
		r.flush()
		silent := newReporter(ctx, s, nil)
		silent.report(Progress{Done: 1})
		if got := sent(client); len(got) > 0 {
			t.Errorf("sent %v twice, or to a client that did not ask", got)
		}
	})
}

func sent(s session) []float64 {
	var values []float64
	for len(s.notifications) > 0 {
		n := <-s.notifications
		value, _ := n.Params.AdditionalFields["progress"].(float64)
		values = append(values, value)
	}
	return values
}

var _ server.ClientSession = session{}
