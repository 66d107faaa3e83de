package transport

import (
	"context"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// official is the official client, with what it was told.
type official struct {
	*mcp.ClientSession
	progress chan float64
}

func connect(t *testing.T, w *web, revision string) *official {
	t.Helper()
	o := &official{progress: make(chan float64, 100)}
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) { o.progress <- r.Params.Progress },
	})
	var err error
	o.ClientSession, err = client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: w.url, HTTPClient: w.Client},
		&mcp.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// TestOfficialClient calls beside each other, cancels, and goes on, in both eras.
func TestOfficialClient(t *testing.T) {
	t.Parallel()
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			f := newFixture()
			tr := newTestTransport(t, f.MCPServer, nil)
			c := connect(t, serveWeb(t, tr), revision)
			if got := c.InitializeResult().ProtocolVersion; got != revision {
				t.Fatalf("speaks %s", got)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancelled := make(chan error, 1)
			go func() {
				_, err := c.CallTool(ctx, &mcp.CallToolParams{Name: "wait", Arguments: map[string]any{"label": "x"}})
				cancelled <- err
			}()
			within(t, f.started, "a call")
			cancel()
			if err := within(t, cancelled, "its end"); err == nil {
				t.Error("a cancelled call has an answer")
			}
			within(t, f.canceled, "the cancel")
			params := &mcp.CallToolParams{Name: "progress", Arguments: map[string]any{"n": 60}}
			params.SetProgressToken("t")
			r, err := c.CallTool(t.Context(), params)
			if err != nil || r.IsError {
				t.Fatalf("the call after it: %v", err)
			}
			for range 60 {
				within(t, c.progress, "progress")
			}
			_, err = c.CallTool(t.Context(), &mcp.CallToolParams{Name: "no_such"})
			if err == nil || !strings.Contains(err.Error(), "no_such") {
				t.Errorf("an unknown tool: %v", err)
			}
		})
	}
}
