package host

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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
		h := &Host{logger: slog.New(slog.DiscardHandler), catalog: newCatalog()}
		s := h.newMCPServer()
		client := session{notifications: make(chan mcp.JSONRPCNotification, 100)}
		ctx := s.WithContext(t.Context(), client)
		r := newReporter(ctx, s, &mcp.Meta{ProgressToken: "token"})
		for n := range 8 {
			r.report(Progress{Done: float64(n), Total: 7})
			time.Sleep(progressInterval / 2)
		}
		r.flush()
		if diff := cmp.Diff([]float64{0, 2, 4, 6, 7}, sent(client)); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
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
