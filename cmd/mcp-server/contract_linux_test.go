package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

// failure is what a program is told of a failed call.
type failure struct {
	Code, Source, Plugin, Phase string
	Retryable                   *bool
	RetryAfterMS                *int64 `json:"retry_after_ms"`
	CallID                      string `json:"call_id"`
	Message                     string
}

func (f failure) check(t *testing.T, what, code, source, plugin, phase string, retryable bool, after int64) {
	t.Helper()
	if f.Code != code || f.Source != source || f.Plugin != plugin || f.Phase != phase || f.Retryable == nil || *f.Retryable != retryable ||
		f.RetryAfterMS == nil || *f.RetryAfterMS != after {
		encoded, _ := json.Marshal(f) // of texts and numbers
		t.Errorf("%s: %s", what, encoded)
	}
}

// failureIn reads the failure of a result or of a protocol error.
func failureIn(t *testing.T, response dict) (f failure) {
	t.Helper()
	found := dig(response, "result", "_meta", "mcp-server/error")
	if found == nil {
		found = dig(response, "error", "data", "mcp-server/error")
	}
	encoded, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &f); err != nil || found == nil {
		t.Errorf("no failure in %v, %v", response, err)
	}
	return f
}

// TestFailuresAreStructured has a call fail in each phase.
func TestFailuresAreStructured(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP, plugins: []string{"fixture"}, args: []string{"--deny-tool", "fixture_log"}})
		w := s.connect(t, modern, nil)
		failureIn(t, w.callTool(t, "fixture_log", nil)).check(t, "policy", "permission_denied", "host", "fixture", "policy", false, 0)
		failureIn(t, w.callTool(t, "fixture_none", nil)).check(t, "unknown tool", "not_found", "argument", "", "arguments", false, 0)
		f := failureIn(t, w.callTool(t, "fixture_fail", dict{"n": -1}))
		f.check(t, "arguments", "invalid_argument", "argument", "fixture", "arguments", false, 0)
		if f.CallID == "" || !strings.Contains(s.log.String(), f.CallID) {
			t.Errorf("the call id %q is not in the log", f.CallID)
		}
		failureIn(t, w.callTool(t, "fixture_fail", dict{"n": 1500})).check(t, "run", "unavailable", "cloud", "fixture", "run", true, 1500)
		failureIn(t, w.callTool(t, "fixture_exit", nil)).check(t, "exit", "unavailable", "plugin", "fixture", "run", true, 0)
		failureIn(t, w.callTool(t, "fixture_schema", dict{"n": 11})).check(t, "result", "internal", "plugin", "fixture", "result", false, 0)
		failureIn(t, w.callTool(t, "fixture_big", dict{"n": 300_000})).check(t, "large", "resource_exhausted", "host", "fixture", "result", false, 0)
		failureIn(t, w.call(t, "prompts/get", dict{"name": "fixture_prompt"})).check(t, "prompt", "invalid_argument", "argument", "", "arguments", false, 0)

		waitFor(t, "a call of a plugin that rests, because it has failed too often", func() bool {
			f = failureIn(t, w.callTool(t, "fixture_exit", nil))
			return f.Phase == "start"
		})
		f.check(t, "start", f.Code, "plugin", "fixture", "start", f.Code == "unavailable", *f.RetryAfterMS)
	})
}

// TestFailuresOfTheCommand has `call -o json` fail in each phase.
func TestFailuresOfTheCommand(t *testing.T) {
	t.Parallel()
	plugins := pluginFolder(t, "fixture")
	for _, tc := range []struct {
		tool, args, code, source, plugin, phase string
		retryable                               bool
		exit                                    int
	}{
		{"fixture_none", "{}", "not_found", "argument", "", "arguments", false, exitUsage},
		{"fixture_fail", `{"n":-1}`, "invalid_argument", "argument", "fixture", "arguments", false, exitUsage},
		{"fixture_fail", `{"n":1}`, "unavailable", "cloud", "fixture", "run", true, exitToolFailed},
		{"fixture_exit", "{}", "unavailable", "plugin", "fixture", "run", true, exitBroken},
		{"fixture_schema", `{"n":11}`, "internal", "plugin", "fixture", "result", false, exitBroken},
	} {
		t.Run(tc.tool+" "+tc.args, func(t *testing.T) {
			t.Parallel()
			f, exit := callCommand(t, plugins, tc.tool, tc.args)
			after := int64(0)
			if tc.code == "unavailable" && tc.source == "cloud" {
				after = 1
			}
			f.check(t, tc.tool, tc.code, tc.source, tc.plugin, tc.phase, tc.retryable, after)
			if exit != tc.exit || f.Message == "" || f.CallID == "" {
				t.Errorf("exit code %d, %+v", exit, f)
			}
		})
	}
	t.Run("start", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "broken"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		f, exit := callCommand(t, folder, "broken_tool", "{}")
		f.check(t, "start", "unavailable", "plugin", "", "start", true, 0)
		if exit != exitBroken {
			t.Errorf("exit code %d", exit)
		}
	})
}

func callCommand(t *testing.T, plugins, tool, args string) (failure, int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), serverBinary(), "call", tool, "--plugins", plugins, "--args", args, "-o", "json", "--emulator", "--data-dir", t.TempDir())
	command.Env = []string{"HOME=" + t.TempDir(), "TMPDIR=" + shortTempDir(t)}
	out, _ := command.Output() // the exit code says how it ended
	var printed struct{ Error failure }
	if err := json.Unmarshal(out, &printed); err != nil {
		t.Errorf("printed %s, %v", out, err)
	}
	return printed.Error, command.ProcessState.ExitCode()
}

// TestResultsSayWhereTheyAreFrom compares the provenance of tools, prompts and tasks with what there is.
func TestResultsSayWhereTheyAreFrom(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP, plugins: []string{"fixture"}})
		able := canWait()
		w := s.connect(t, modern, able)
		results := map[string]any{
			"rfs-list-templates":    dig(w.callTool(t, "rfs_list_templates", nil), "result"),
			"drs-export-template":   dig(w.call(t, "prompts/get", dict{"name": "explain_drs_export"}), "result"),
			"fixture":               dig(w.callTool(t, "fixture_schema", dict{"n": 1}), "result"),
			"mcp-server":            dig(w.callTool(t, "artifact_list", nil), "result"),
			"roma-download-archive": dig(w.callTool(t, downloadArchive, archiveArguments()), "result"),
		}
		if modern {
			results["drs-export-template"] = w.awaitTask(t, w.startTask(t, "drs_export_template", longTools()["drs_export_template"]), "completed")["result"]
		}
		environment := s.cloud.Environment()
		for plugin, result := range results {
			p, _ := dig(result, "_meta", "mcp-server/provenance").(dict)
			digest := ""
			if plugin != "mcp-server" {
				digest = "sha256:" + sumOf(t, filepath.Join(s.plugins, plugin))
			}
			got, _ := p["digest"].(string)
			if p["plugin"] != plugin || got != digest || p["call_id"] == nil || p["version"] == nil {
				t.Errorf("%s: %v", plugin, p)
			}
			ended, _ := p["time"].(string)
			if at, err := time.Parse(time.RFC3339Nano, ended); err != nil || at.Location() != time.UTC {
				t.Errorf("%s: %v, %v", plugin, p["time"], err)
			}
			endpoint, _ := p["endpoint"].(string)
			asks := plugin == "rfs-list-templates" || plugin == "roma-download-archive" || plugin == "drs-export-template" && modern
			if asks != slices.ContainsFunc(environment, func(e string) bool { return endpoint != "" && strings.HasSuffix(e, "="+endpoint) }) {
				t.Errorf("%s: the endpoint is %q of %v", plugin, endpoint, environment)
			}
			if region := p["region"]; asks && region != emulator.Region {
				t.Errorf("%s: the region is %v", plugin, region)
			}
		}
	})
}

// TestResourcesSayWhereTheyAreFrom reads a plugin's resource, and one that is not there.
func TestResourcesSayWhereTheyAreFrom(t *testing.T) {
	t.Parallel()
	w := startBench(t, benchOptions{plugins: []string{"conformance"}}).connect(t, false, nil)
	contents, _ := dig(w.call(t, "resources/read", dict{"uri": "test://watched-resource"}), "result", "contents").([]any)
	if len(contents) != 1 || dig(contents[0], "_meta", "mcp-server/provenance", "plugin") != "conformance" {
		t.Errorf("read %v", contents)
	}
	if r := w.call(t, "resources/read", dict{"uri": "test://none"}); dig(r, "error", "code") != -32002.0 || dig(r, "error", "data", "uri") != "test://none" {
		t.Errorf("read %v", r)
	}
}

// TestSecretsAreNotAsked has a plugin put its own secret into a question.
func TestSecretsAreNotAsked(t *testing.T) {
	t.Parallel()
	s := startBench(t, benchOptions{plugins: []string{"fixture"}})
	w := s.connect(t, true, canAnswer())
	r := w.callTool(t, "fixture_leak", nil)
	message, _ := dig(r, "result", "inputRequests", "form", "params", "message").(string)
	if message != "Is it [redacted]?" {
		t.Errorf("asked %q: %v", message, r)
	}
}

// TestSlowAndDeadCompletions suggests nothing when the plugin does not answer in time, or ends.
func TestSlowAndDeadCompletions(t *testing.T) {
	t.Parallel()
	for _, overHTTP := range []bool{false, true} {
		t.Run(fmt.Sprintf("http %v", overHTTP), func(t *testing.T) {
			t.Parallel()
			w := startBench(t, benchOptions{http: overHTTP, plugins: []string{"fixture"}}).connect(t, true, nil)
			for _, typed := range []string{"slow", "exit"} {
				if values, isList := w.complete(t, typed)["values"].([]any); !isList || len(values) > 0 {
					t.Errorf("for %s it suggested %v", typed, values)
				}
			}
			waitFor(t, "the plugin to be back", func() bool {
				completion := w.complete(t, "text")
				values, _ := completion["values"].([]any)
				return len(values) == 100 && completion["total"] == 150.0 && completion["hasMore"] == true
			})
		})
	}
}

func (w *wire) complete(t *testing.T, typed string) dict {
	t.Helper()
	r := w.call(t, "completion/complete", dict{
		"ref": dict{"type": "ref/prompt", "name": "fixture_prompt"}, "argument": dict{"name": "text", "value": typed},
	})
	completion, isObject := dig(r, "result", "completion").(dict)
	if !isObject {
		t.Fatalf("completed with %v", r)
	}
	return completion
}
