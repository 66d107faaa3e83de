package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
)

// TestProgressThatNobodyReadsEndsNoDownload closes the reader of standard error, as `2>&1 | head` does.
func TestProgressThatNobodyReadsEndsNoDownload(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	command := exec.CommandContext(t.Context(), serverBinary(), "call", "roma_export_assets", "--emulator", "--data-dir", t.TempDir(), "-o", "json",
		"--args", fmt.Sprintf(`{"instance_id":%q,"apps":[%q]}`, emulator.ROMAInstanceID, emulator.ROMAAppID))
	command.Stdout, command.Stderr = &out, writer
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := command.Run(); err != nil || !strings.Contains(out.String(), `"sha256"`) {
		t.Errorf("ended with %v and the output %s", err, out.String())
	}
	_ = writer.Close()
}

// TestInterruptWhileReadingArguments has an input that never ends.
func TestInterruptWhileReadingArguments(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	interrupt()
	code := run(ctx, []string{"call", "rfs_list_templates", "--args", "-"}, streams{in: reader, out: io.Discard, err: io.Discard})
	if code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

// TestLogThatNobodyReadsHoldsNothingUp fills the log of a client that never reads it.
func TestLogThatNobodyReadsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe() // every write blocks until it is read
	logger, flush, err := newLogger(writer, "info")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10 * waitingLines {
		logger.Info("line", "n", n)
	}
	flush() // comes back although nothing was read
	_ = reader.Close()
}
