package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"mcp-server/internal/pluginv1"
)

// TestDebugServes reads where the plugin serves, calls it there, and wants nothing to be left.
func TestDebugServes(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- serveDebug(ctx, samplePlugin(), writer, &stderr) }()
	line := make([]byte, 1000)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	value, found := strings.CutPrefix(string(line[:n]), "MCP_SERVER_REATTACH=")
	var where map[string]attached
	if err := json.Unmarshal([]byte(value), &where); !found || err != nil || where["sample"].PID != os.Getpid() {
		t.Fatalf("printed %q: %v", line[:n], err)
	}
	target := "passthrough:" + where["sample"].Address
	if where["sample"].Network == "unix" {
		target = "unix:" + where["sample"].Address
		if info, err := os.Stat(filepath.Dir(where["sample"].Address)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the socket's folder: %v, %v", info.Mode(), err)
		}
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	result, err := pluginv1.Invoke(t.Context(), pluginv1.NewToolPluginClient(conn), &pluginv1.Start{Tool: "sample_nothing"}, pluginv1.Events{})
	if err != nil || string(result) != `{"ok":true}` {
		t.Errorf("got %s, %v", result, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(where["sample"].Address)); where["sample"].Network == "unix" && !os.IsNotExist(err) {
		t.Errorf("the socket's folder is left: %v", err)
	}
	if !strings.Contains(stderr.String(), "MCP_SERVER_REATTACH='{") {
		t.Errorf("said %q", stderr.String())
	}
}
