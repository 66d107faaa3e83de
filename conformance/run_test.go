package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/conformance/node"
)

// TestRun lets the real suite and the real gateway judge a small server over both transports: what it has passes, what it lacks
// is reported, and the page says both.
func TestRun(t *testing.T) {
	t.Parallel()
	_, err := node.Find(t.Context(), ".")
	if errors.Is(err, node.ErrMissing) && os.Getenv("MCP_SERVER_NODE") != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	c := config{
		runs: 1, node: ".", known: "expected-failures.json", out: filepath.Join(folder, "out"), page: filepath.Join(folder, "page.md"),
		command: func(http string) []string { return strings.Fields(program + " fixture " + http) },
	}
	var said strings.Builder
	err = run(t.Context(), c, &said)
	if err == nil {
		t.Fatalf("a server without most of the fixtures passed:\n%s", &said)
	}
	page, readErr := os.ReadFile(c.page)
	if readErr != nil {
		t.Fatalf("%v; %v", readErr, err)
	}
	for _, row := range []string{"| tools-call-simple-text | pass 2 | pass 2 | pass 2 | pass 2 |", "| tools-call-image | **fail** 1 of 2 |", "| dns-rebinding-protection | pass 2 | pass 2 | **fail**"} {
		if !strings.Contains(string(page), row) {
			t.Errorf("the page lacks %q:\n%s", row, page)
		}
	}
	for where, reported := range map[string]bool{
		"HTTP 2025-11-25 tools-call-image": true, "stdio 2026-07-28 tools-call-image": true,
		"tools-call-simple-text": false, "stdio 2025-11-25 dns-rebinding-protection": false, "would change": false,
	} {
		if strings.Contains(err.Error(), where) != reported {
			t.Errorf("%q reported: %v, want %v, in:\n%v", where, !reported, reported, err)
		}
	}
}
