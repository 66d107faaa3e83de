package sdk

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"mcp-server/internal/pluginv1"
)

type testOut struct {
	Artifacts []Artifact `json:"artifacts"`
}

// dial serves a plugin of one tool in memory and returns the host's end.
func dial(t *testing.T, handler func(ctx context.Context, call *Call) error) (pluginv1.ToolPluginClient, *grpc.ClientConn) {
	t.Helper()
	tool := NewTool(ToolSpec{
		Name: "test_it", Title: "Test", Description: "Does what a test wants of it, as a plugin of somebody would do it.",
	}, func(ctx context.Context, call *Call, _ struct{}) (testOut, error) {
		return testOut{}, handler(ctx, call)
	})
	listener := bufconn.Listen(1 << 20)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- ServeListener(ctx, Plugin{Name: "test", Version: "1", Tools: []Tool{tool}}, listener, slog.New(slog.DiscardHandler))
	}()
	conn, err := grpc.NewClient("passthrough:plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		stop()
		if err := <-ended; err != nil && ctx.Err() == nil {
			t.Errorf("serving ended with %v", err)
		}
	})
	return pluginv1.NewToolPluginClient(conn), conn
}

// TestStoringGoesOnWhileThePluginStops drains a plugin while the host stores its file.
func TestStoringGoesOnWhileThePluginStops(t *testing.T) {
	t.Parallel()
	staging, store := t.TempDir(), t.TempDir()
	var stored error
	client, _ := dial(t, func(ctx context.Context, call *Call) error {
		f, err := call.CreateFile()
		if err != nil {
			return err
		}
		defer f.Discard()
		if _, err := f.Write([]byte("archive")); err != nil {
			return err
		}
		_, stored = f.Store(context.WithoutCancel(ctx), FileInfo{Name: "a"})
		<-ctx.Done() // the drain has come
		return stored
	})
	_, err := pluginv1.Invoke(t.Context(), client, &pluginv1.Start{Tool: "test_it", Arguments: []byte("{}"), StagingDir: staging}, pluginv1.Events{
		File: func(ctx context.Context, m *pluginv1.File) *pluginv1.FileReply {
			if err := os.Rename(filepath.Join(staging, m.GetPath()), filepath.Join(store, "a")); err != nil {
				t.Error(err)
			}
			if _, err := client.Drain(ctx, &pluginv1.DrainRequest{}); err != nil {
				t.Error(err)
			}
			return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: []byte("{}")}}
		},
	})
	if err != nil || stored != nil {
		t.Errorf("the call ended with %v, storing with %v", err, stored)
	}
	if left, _ := filepath.Glob(filepath.Join(staging, "*")); len(left) > 0 {
		t.Errorf("written a second time: %v", left)
	}
}

// TestAWaitForAClaimEndsWithItsPlugin has a plugin that dies while another call has what it wants.
func TestAWaitForAClaimEndsWithItsPlugin(t *testing.T) {
	t.Parallel()
	client, conn := dial(t, func(ctx context.Context, call *Call) error {
		_, err := call.Claim(ctx, OnceOnly{})
		return err
	})
	_, err := pluginv1.Invoke(t.Context(), client, &pluginv1.Start{Tool: "test_it", Arguments: []byte("{}"), StagingDir: t.TempDir()}, pluginv1.Events{
		Claim: func(ctx context.Context, _ *pluginv1.Claim) *pluginv1.ClaimReply {
			_ = conn.Close() // the connection breaks
			<-ctx.Done()
			return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Granted{Granted: true}}
		},
	})
	if err == nil {
		t.Error("the call succeeded")
	}
}
