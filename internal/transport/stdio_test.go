package transport

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"mcp-server/internal/host"
)

const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n"

// TestClientThatDoesNotReadDoesNotKeepTheServer ends the input while an answer waits for a reader that never comes.
func TestClientThatDoesNotReadDoesNotKeepTheServer(t *testing.T) {
	t.Parallel()
	h, err := host.Start(t.Context(), host.Config{PluginsDir: t.TempDir(), DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	reader, writer := io.Pipe() // every write waits for a reader
	t.Cleanup(func() { _ = reader.Close() })
	err = ServeStdio(t.Context(), h, strings.NewReader(hello), writer, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("ended with %v", err)
	}
}
