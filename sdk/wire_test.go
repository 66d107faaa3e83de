package sdk_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

type args struct {
	Mode string `json:"mode,omitempty" jsonschema_description:"What to do."`
}

// offering is a plugin of one tool, and of whatever else the test adds.
func offering(handler sdk.Handler[args, sdk.Contents]) sdk.Plugin {
	return sdk.Plugin{
		Name: "test", Version: "1", Description: "A plugin of a test.",
		Tools: []sdk.Tool{sdk.NewTool(sdk.ToolSpec{
			Name: "test_run", Title: "Run", Description: "Does what the mode says; made for the tests of the wire.",
		}, handler)},
	}
}

// dial serves the plugin in memory and returns the host's end of the wire, for a host that does what no good one does.
func dial(t *testing.T, p sdk.Plugin) pluginv1.ToolPluginClient {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listener := bufconn.Listen(1 << 20)
	var served sync.WaitGroup
	served.Go(func() {
		if err := sdk.ServeListener(ctx, p, listener, slog.New(slog.DiscardHandler)); err != nil && ctx.Err() == nil {
			t.Errorf("serving the plugin: %v", err)
		}
	})
	conn, err := grpc.NewClient("passthrough:plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		cancel()
		served.Wait()
	})
	return pluginv1.NewToolPluginClient(conn)
}

func said(format string, args ...any) (sdk.Contents, error) {
	return sdk.Contents{Blocks: []sdk.Content{sdk.Text(fmt.Sprintf(format, args...))}}, nil
}
