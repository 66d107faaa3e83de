package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

// hanging makes every request to RFS wait for ever, so that calls stay in flight until something ends them.
var hanging = emulator.Fault{Service: emulator.ServiceRFS, Kind: emulator.FaultGone}

// eager starts all plugins with the server.
var eager = []string{"MCP_SERVER_START=eager"}

const downloadArchive = "roma_download_asset_archive"

func archiveArguments() map[string]any {
	return map[string]any{"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID}
}

func dataDir(dir string) string { return "MCP_SERVER_DATA_DIR=" + dir }

// requested is how often the one archive was asked for.
func requested(cloud *emulator.Emulator) int {
	n := 0
	for _, r := range cloud.Requests() {
		if strings.Contains(r.Path, "/assets/archives/") {
			n++
		}
	}
	return n
}

// waitFor polls for what another process does. The minute is only there to name what never came.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// sharedCache is for servers that need not ask the plugins what they are: those that other tests have asked are known.
func sharedCache() string { return "XDG_CACHE_HOME=" + filepath.Join(binDir, "cache") }

// install copies one of the binaries that the tests build.
func install(t *testing.T, binary, path string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(binDir, binary))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".part", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path+".part", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		t.Fatal(err)
	}
}
