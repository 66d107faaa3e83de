package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// auditLines reads an audit log; every line must be whole.
func auditLines(t *testing.T, path string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for line := range strings.Lines(string(text)) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, entry)
	}
	return all
}

// TestEveryCallIsWrittenDown makes calls of all kinds, and finds each as one line of the log and as one or two of the audit log.
func TestEveryCallIsWrittenDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	cloud := startCloud(t, emulator.Config{})
	c := cloud.Credentials()
	s := startTeam(t, teamOptions{
		cloud: cloud, access: callers(caller(t, "ann", "profile: first", "deny: [htap_*]")) + "profiles:\n  first: {env_file: first.env}\n",
		files: []string{"first.env", profileEnv(cloud, c.AK, c.SK)}, args: []string{"--audit-log", path},
	})
	ann := s.as(t, "ann")
	for _, call := range []struct {
		tool      string
		arguments any
	}{
		{"rfs_list_templates", nil},
		{downloadArchive, archiveArguments()},
		{downloadArchive, object{"instance_id": emulator.ROMAInstanceID, "archive_id": "none", "surprise": 1}},
		{"roma_list_apps", object{"instance_id": "11111111-1111-1111-1111-111111111111"}},
		{"htap_list_instances", object{"instance_id": "x"}},
		{"no_such_tool", nil},
	} {
		_, _ = ann.CallTool(t.Context(), &mcp.CallToolParams{Name: call.tool, Arguments: call.arguments}) // what came of it is in the logs
	}
	want := []string{
		"end rfs_list_templates false true <nil>", "begin " + downloadArchive + " true <nil> <nil>", "end " + downloadArchive + " true true <nil>",
		"end " + downloadArchive + " true false invalid_argument", "end roma_list_apps false false not_found",
		"end htap_list_instances false false permission_denied", "end no_such_tool true false not_found",
	}
	entries := auditLines(t, path)
	if len(entries) != len(want) {
		t.Fatalf("%d lines of the audit log, want %d: %v", len(entries), len(want), entries)
	}
	for n, e := range entries {
		if got := fmt.Sprint(e["event"], " ", e["tool"], " ", e["changes"], " ", e["ok"], " ", e["code"]); got != want[n] {
			t.Errorf("line %d is %s, want %s", n, got, want[n])
		}
		if e["caller"] != "ann" || e["transport"] != "http" || e["profile"] != "first" || e["client_name"] != "test" || e["call"] == nil {
			t.Errorf("line %d is %v", n, e)
		}
		if e["event"] == "end" {
			s.checkCallLine(t, e)
		}
	}
	begin, end := entries[1], entries[2]
	if begin["call"] != end["call"] || !strings.Contains(fmt.Sprint(begin["arguments"]), emulator.ROMAArchiveID) || begin["plugin_digest"] == nil ||
		begin["plugin_version"] == nil || end["requests"] == nil || !strings.Contains(fmt.Sprint(end["artifacts"]), "artifact://") {
		t.Errorf("the download is %v and %v", begin, end)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// checkCallLine wants exactly one line of the log that ends the call, and says of it what the audit log does.
func (s *team) checkCallLine(t *testing.T, entry map[string]any) {
	t.Helper()
	var found []map[string]any
	waitFor(t, "the line of the call", func() bool {
		found = nil
		for _, line := range append(s.lines("call done"), s.lines("call failed")...) {
			if line["call"] == entry["call"] {
				found = append(found, line)
			}
		}
		return len(found) > 0
	})
	line, outcome := found[0], entry["code"]
	if outcome == nil {
		outcome = "ok"
	}
	if len(found) != 1 || line["tool"] != entry["tool"] || line["caller"] != "ann" || line["outcome"] != outcome || line["took"] == nil ||
		fmt.Sprint(line["requests"]) != fmt.Sprint(entry["requests"]) {
		t.Errorf("%d lines, the first %v, of %v", len(found), line, entry)
	}
}

// TestNothingChangesUnaudited takes the audit log away, in two ways: what could change something is not done, what reads
// goes on, and all goes on when the log is back.
func TestNothingChangesUnaudited(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		folder     func(t *testing.T) string
		lose, mend func(dir string) error
	}{
		"folder vanished": {
			folder: func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "audit") },
			lose:   func(dir string) error { return os.Rename(dir, dir+".away") },
			mend:   func(dir string) error { return os.Rename(dir+".away", dir) },
		},
		"disk full": {
			folder: func(t *testing.T) string { t.Helper(); return smallDisk(t, "64k") },
			lose: func(dir string) error {
				_ = os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 1<<20), 0o600) // as much as fits
				return nil
			},
			mend: func(dir string) error { return os.Remove(filepath.Join(dir, "ballast")) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tc.folder(t)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			s := startTeam(t, teamOptions{args: []string{"--audit-log", filepath.Join(dir, "audit.jsonl")}})
			client := s.as(t, "")
			if err := tc.lose(dir); err != nil {
				t.Fatal(err)
			}
			failing := object{"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAFailingAppID}}
			var r *mcp.CallToolResult
			before := 0
			waitFor(t, "the last page of the log to be full", func() bool {
				before = len(s.cloud.Requests())
				r = callTool(t, client, "roma_export_assets", failing)
				return strings.Contains(textOf(r), "audit log cannot be written")
			})
			if n := len(s.cloud.Requests()); !r.IsError || n > before {
				t.Errorf("answered by %s after %d requests", textOf(r), n-before)
			}
			if r := callTool(t, client, "roma_list_instances", nil); r.IsError {
				t.Errorf("a call that reads was answered by %s", textOf(r))
			}
			if err := tc.mend(dir); err != nil {
				t.Fatal(err)
			}
			if r := callTool(t, client, downloadArchive, archiveArguments()); r.IsError {
				t.Errorf("when the log is back the call is answered by %s", textOf(r))
			}
			entries := auditLines(t, filepath.Join(dir, "audit.jsonl"))
			if last := entries[len(entries)-1]; last["event"] != "end" || last["tool"] != downloadArchive {
				t.Errorf("the last line is %v", last)
			}
		})
	}
}
