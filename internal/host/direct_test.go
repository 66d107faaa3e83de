package host

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// oldClient is a session of the revisions before 2026-07-28, with a person behind it.
type oldClient struct {
	elicit func(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error)
}

func (oldClient) SessionID() string { return "old" }
func (oldClient) Initialize()       {}
func (oldClient) Initialized() bool { return true }
func (oldClient) NotificationChannel() chan<- mcp.JSONRPCNotification {
	return make(chan mcp.JSONRPCNotification, 100)
}
func (oldClient) GetClientInfo() mcp.Implementation            { return mcp.Implementation{} }
func (oldClient) SetClientInfo(mcp.Implementation)             {}
func (oldClient) SetClientCapabilities(mcp.ClientCapabilities) {}
func (oldClient) GetClientCapabilities() mcp.ClientCapabilities {
	return mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapability{}}
}

func (c oldClient) RequestElicitation(ctx context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	return c.elicit(ctx, r)
}

// callOld calls the one tool as such a client.
func callOld(ctx context.Context, t *testing.T, h *Host, c oldClient) reply {
	t.Helper()
	message := []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_run","arguments":{}}}`)
	answer, err := json.Marshal(h.mcp.HandleMessage(h.mcp.WithContext(ctx, c), message))
	if err != nil {
		t.Fatal(err)
	}
	var r reply
	if err := json.Unmarshal(answer, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOlderClientIsAsked(t *testing.T) {
	t.Parallel()
	fits := &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: "accept", Content: map[string]any{"name": "Ada"}}}
	wrong := &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: "accept", Content: map[string]any{"name": 7}}}
	for name, tc := range map[string]struct {
		answers []*mcp.ElicitationResult // the last one again and again
		err     error
		asked   int32
		want    string
	}{
		"at once":      {[]*mcp.ElicitationResult{fits}, nil, 1, "Hello, Ada!"},
		"third answer": {[]*mcp.ElicitationResult{wrong, wrong, fits}, nil, 3, "Hello, Ada!"},
		"never":        {[]*mcp.ElicitationResult{wrong}, nil, 3, "does not fit"},
		"refuses":      {[]*mcp.ElicitationResult{nil}, errors.New("no forms today"), 1, "no forms today"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			c := oldClient{elicit: func(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
				n := int(asked.Add(1))
				return tc.answers[min(n, len(tc.answers))-1], tc.err
			}}
			r := callOld(t.Context(), t, withTool(t, askingTool), c)
			if !strings.Contains(textIn(r), tc.want) || asked.Load() != tc.asked {
				t.Errorf("asked %d times, got %s", asked.Load(), textIn(r))
			}
		})
	}
}

// TestOlderClientNeverAnswers wants the request to end with the call, not with the person: by the question's bound, and when
// the plugin ends.
func TestOlderClientNeverAnswers(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := newBareHost(t)
			h.mcp = h.newMCPServer()
			m := toolManifest("test_run")
			m.TimeoutSeconds, m.OutputSchema = 3600, nil
			h.add(examine("p", fake(func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
				if dies {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, time.Minute)
					defer stop()
				}
				return askingTool(ctx, r, events)
			}), sdk.Manifest{Tools: []sdk.ToolManifest{m}}))
			told := false
			begin := time.Now()
			r := callOld(t.Context(), t, h, oldClient{elicit: func(ctx context.Context, _ mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
				<-ctx.Done()
				told = true
				return nil, ctx.Err()
			}})
			want := askTimeout
			if dies {
				want = time.Minute
			}
			if took := time.Since(begin); took != want || !told || !strings.Contains(textIn(r), "nobody answered") {
				t.Errorf("after %s, told %v: %s", took, told, textIn(r))
			}
		})
	}
}

// TestOlderClientLeaves ends the request under the question.
func TestOlderClientLeaves(t *testing.T) {
	t.Parallel()
	h := withTool(t, askingTool)
	ctx, leave := context.WithCancel(t.Context())
	callOld(ctx, t, h, oldClient{elicit: func(ctx context.Context, _ mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
		leave()
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	h.calls.Wait()
	if len(h.waiting.byState) > 0 {
		t.Error("the question is still kept")
	}
}
