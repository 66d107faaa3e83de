package transport

import (
	"io"
	"strings"
	"testing"
)

const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n"

// TestClientThatDoesNotReadDoesNotKeepTheServer ends the input while an answer waits for a reader that never comes.
func TestClientThatDoesNotReadDoesNotKeepTheServer(t *testing.T) {
	t.Parallel()
	tr := newTestTransport(t, newFixture().MCPServer, nil)
	reader, writer := io.Pipe() // every write waits for a reader
	t.Cleanup(func() { _ = reader.Close() })
	err := tr.ServeStdio(t.Context(), strings.NewReader(hello), writer)
	if err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("ended with %v", err)
	}
}
