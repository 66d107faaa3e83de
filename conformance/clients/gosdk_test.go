package clients

import (
	"context"
	"os/exec"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// useGoSDK is the official Go SDK's client of a certain revision; its own choice when empty.
func useGoSDK(revision string) func(*testing.T, *server) seen {
	return func(t *testing.T, s *server) seen {
		t.Helper()
		var got seen
		var mu sync.Mutex
		client := mcp.NewClient(&mcp.Implementation{Name: "go-sdk", Version: "1"}, &mcp.ClientOptions{
			ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
				mu.Lock()
				defer mu.Unlock()
				got.Progress = append(got.Progress, r.Params.Progress)
			},
		})
		session, err := client.Connect(t.Context(), s.goTransport(), &mcp.ClientSessionOptions{ProtocolVersion: revision})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = session.Close() }()
		got.Revision = session.InitializeResult().ProtocolVersion
		got.Tools = toolNames(t, session)
		s.exportAndRead(t, session, &got)
		completed, err := session.Complete(t.Context(), &mcp.CompleteParams{
			Ref: &mcp.CompleteReference{Type: "ref/prompt", Name: prompt}, Argument: mcp.CompleteParamsArgument{Name: promptArgument, Value: promptValue},
		})
		if err != nil {
			got.CompletionError = err.Error()
		} else {
			got.Completion = completed.Completion.Values
		}
		got.Cancelled = s.cancel(t, session)
		got.After = toolNames(t, session)
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

func (s *server) goTransport() mcp.Transport {
	if s.url != "" {
		return &mcp.StreamableClientTransport{Endpoint: s.url}
	}
	command := exec.CommandContext(context.Background(), s.line[0], s.line[1:]...)
	command.Env = s.env
	return &mcp.CommandTransport{Command: command}
}

// exportAndRead calls the tool that reports progress and reads the artifact of its result.
func (s *server) exportAndRead(t *testing.T, session *mcp.ClientSession, got *seen) {
	t.Helper()
	params := &mcp.CallToolParams{Name: progressTool, Arguments: map[string]any{"jobs": []string{emulator.DRSJobID}}}
	params.SetProgressToken("go-sdk")
	result, err := session.CallTool(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	got.IsError = result.IsError
	for _, c := range result.Content {
		if link, ok := c.(*mcp.ResourceLink); ok {
			got.URI = link.URI
		}
	}
	read, err := session.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: got.URI})
	if err != nil {
		t.Fatalf("reading %q: %v", got.URI, err)
	}
	got.Content = read.Contents[0].Blob
}

// cancel calls the tool that hangs, cancels the call, and returns its error.
func (s *server) cancel(t *testing.T, session *mcp.ClientSession) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan string, 1)
	go func() {
		_, err := session.CallTool(ctx, &mcp.CallToolParams{Name: hangingTool})
		if err != nil {
			ended <- err.Error()
			return
		}
		ended <- ""
	}()
	s.waitForHanging(t)
	cancel()
	s.waitForRelease(t)
	return <-ended
}

func toolNames(t *testing.T, session *mcp.ClientSession) []string {
	t.Helper()
	var names []string
	for tool, err := range session.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name)
	}
	return names
}
