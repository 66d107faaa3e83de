package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

// longTools are those of the real plugins that become tasks.
func longTools() map[string]dict {
	return map[string]dict{
		"drs_export_template": {"jobs": []string{emulator.DRSJobID}},
		"roma_export_assets":  {"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAAppID}},
	}
}

// startTask calls a tool and wants a task.
func (w *wire) startTask(t *testing.T, tool string, arguments dict) (id string) {
	t.Helper()
	r := w.callTool(t, tool, arguments)
	id, _ = dig(r, "result", "taskId").(string)
	if dig(r, "result", "resultType") != "task" || dig(r, "result", "status") != "working" || id == "" {
		t.Fatalf("%s is no task: %v", tool, r)
	}
	return id
}

// TestLongCallsAreTasks compares what a task brings with what a call brings that waits. Over HTTP other connections ask for it.
func TestLongCallsAreTasks(t *testing.T) {
	t.Parallel()
	for tool, arguments := range longTools() {
		for _, overHTTP := range []bool{false, true} {
			t.Run(tool, func(t *testing.T) {
				t.Parallel()
				s := startBench(t, benchOptions{http: overHTTP})
				w := s.connect(t, true, canWait())
				id := w.startTask(t, tool, arguments)
				if overHTTP {
					w = s.connect(t, true, canWait())
				}
				result, _ := w.awaitTask(t, id, "completed")["result"].(dict)
				waited := startBench(t, benchOptions{http: overHTTP}).connect(t, true, nil).callTool(t, tool, arguments)
				if got, want := shape(result), shape(dig(waited, "result")); !slices.Equal(got, want) {
					t.Errorf("the task brings %v, the call %v", got, want)
				}
				artifacts, _ := dig(result, "structuredContent", "artifacts").([]any)
				for _, a := range artifacts {
					if uri, _ := dig(a, "uri").(string); dig(w.call(t, "resources/read", dict{"uri": uri}), "result") == nil {
						t.Errorf("%s cannot be read", uri)
					}
				}
				if len(artifacts) != 1 {
					t.Errorf("%d files: %v", len(artifacts), result)
				}
			})
		}
	}
}

// shape says what a result consists of.
func shape(result any) (all []string) {
	r, _ := result.(dict)
	for key := range r {
		if key != "resultType" && key != "isError" {
			all = append(all, key)
		}
	}
	structured, _ := r["structuredContent"].(dict)
	all = slices.AppendSeq(all, maps.Keys(structured))
	provenance, _ := dig(r, "_meta", "mcp-server/provenance").(dict)
	all = slices.AppendSeq(all, maps.Keys(provenance))
	content, _ := r["content"].([]any)
	for _, block := range content {
		kind, _ := dig(block, "type").(string)
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

// TestTaskAsksAPerson has the once-only download in a task: the first answer is wrong, the second is yes or no.
func TestTaskAsksAPerson(t *testing.T) {
	t.Parallel()
	for _, overHTTP := range []bool{false, true} {
		for _, agree := range []bool{false, true} {
			t.Run(fmt.Sprintf("http %v, agree %v", overHTTP, agree), func(t *testing.T) {
				t.Parallel()
				s := startBench(t, benchOptions{http: overHTTP})
				able := canWait()
				maps.Copy(able, canAnswer())
				w := s.connect(t, true, able)
				id := w.startTask(t, "roma_export_assets", longTools()["roma_export_assets"])
				w.answerTask(t, id, dict{"action": "accept", "content": dict{"download": 1}})
				w.answerTask(t, id, dict{"action": "accept", "content": dict{"download": agree}})
				result := w.awaitTask(t, id, "completed")["result"]
				if failed := dig(result, "isError") == true; failed == agree || requested(s.cloud) == 1 != agree {
					t.Errorf("%d requests: %v", requested(s.cloud), result)
				}
			})
		}
	}
}

// answerTask waits for a task's question, before anything is fetched, and answers it.
func (w *wire) answerTask(t *testing.T, id string, answer dict) {
	t.Helper()
	asks, _ := w.awaitTask(t, id, "input_required")["inputRequests"].(dict)
	if requested(w.cloud) != 0 || len(asks) != 1 {
		t.Fatalf("%d requests, asks %v", requested(w.cloud), asks)
	}
	for key := range asks {
		if r := w.call(t, "tasks/update", dict{"taskId": id, "inputResponses": dict{key: answer}}); r["error"] != nil {
			t.Fatal(r)
		}
	}
}

// hangingExport is a cloud that accepts an export and never tells how far it is; the log has a line for each request that has ended.
func hangingExport(t *testing.T) (*emulator.Emulator, *syncBuffer) {
	t.Helper()
	log := &syncBuffer{}
	return startCloud(t, emulator.Config{Logger: slog.New(slog.NewJSONHandler(log, nil))},
		emulator.Fault{Service: emulator.ServiceDRS, PathContains: "export", Method: "GET", Kind: emulator.FaultGone}), log
}

// awaitHanging waits until the request that hangs has come.
func awaitHanging(t *testing.T, cloud *emulator.Emulator) {
	t.Helper()
	waitFor(t, "the plugin to look at the export", func() bool {
		return slices.ContainsFunc(cloud.Requests(), func(r emulator.Request) bool { return r.Status == 0 && strings.Contains(r.Path, "export") })
	})
}

// TestTaskEndsEarly cancels a task, kills its plugin, and ends its client.
func TestTaskEndsEarly(t *testing.T) {
	t.Parallel()
	for _, overHTTP := range []bool{false, true} {
		for _, end := range []string{"cancel", "kill", "leave"} {
			t.Run(end, func(t *testing.T) {
				t.Parallel()
				cloud, log := hangingExport(t)
				s := startBench(t, benchOptions{http: overHTTP, cloud: cloud})
				w := s.connect(t, true, canWait())
				id := w.startTask(t, "drs_export_template", longTools()["drs_export_template"])
				awaitHanging(t, cloud)
				begun := len(cloud.Requests())
				switch end {
				case "cancel":
					if r := w.call(t, "tasks/cancel", dict{"taskId": id}); r["error"] != nil {
						t.Fatal(r)
					}
					if task := w.awaitTask(t, id, "cancelled"); task["result"] != nil || task["error"] != nil {
						t.Errorf("the task is %v", task)
					}
				case "kill":
					kill(t, s.plugin(t, "drs-export-template"))
					task := w.awaitTask(t, id, "completed")
					about := dig(task, "result", "_meta", "mcp-server/error")
					if dig(task, "result", "isError") != true || dig(about, "code") != "unavailable" || dig(about, "phase") != "run" || dig(about, "retryable") != false {
						t.Errorf("the task is %v", task)
					}
				case "leave":
					plugins := childrenIn(t, s.process.Process.Pid, s.plugins)
					s.stop(t)
					<-s.ended
					for _, pid := range plugins {
						waitFor(t, "the plugin to end", func() bool { return !alive(pid) })
					}
				}
				waitFor(t, "the request to be dropped", func() bool { return strings.Count(log.String(), `"msg":"request"`) == begun })
				if n := len(cloud.Requests()); n != begun {
					t.Errorf("%d more requests", n-begun)
				}
			})
		}
	}
}

// stop ends a server as its client or its system does.
func (s *bench) stop(t *testing.T) {
	t.Helper()
	if s.url == "" {
		_ = s.stdin.Close()
		return
	}
	terminate(t, s.process.Process.Pid)
}

// TestTasksThatAreNot asks for tasks that are unknown or another's, without the extension, and for tools that need it.
func TestTasksThatAreNot(t *testing.T) {
	t.Parallel()
	cloud, _ := hangingExport(t)
	s := startBench(t, benchOptions{http: true, cloud: cloud, access: twoCallers(t), plugins: []string{"conformance"}})
	w, eve := s.connectAs(t, ownToken("ada"), true, canWait()), s.connectAs(t, ownToken("eve"), true, canWait())
	id := w.startTask(t, "drs_export_template", longTools()["drs_export_template"])
	for _, method := range []string{"tasks/get", "tasks/cancel", "tasks/update"} {
		unknown, others := w.call(t, method, dict{"taskId": "none"}), eve.call(t, method, dict{"taskId": id})
		if dig(unknown, "error", "code") != -32602.0 || dig(others, "error", "code") != -32602.0 {
			t.Errorf("%s: %v and %v", method, unknown, others)
		}
	}
	if task := w.awaitTask(t, id, "working"); task["ttlMs"] == nil || task["pollIntervalMs"] == nil {
		t.Errorf("the task is %v", task)
	}
	plain := s.connectAs(t, ownToken("ada"), true, nil)
	if r := plain.call(t, "tasks/get", dict{"taskId": id}); dig(r, "error", "code") != -32021.0 {
		t.Errorf("without the extension: %v", r)
	}
	if r := plain.callTool(t, "failing_job", dict{}); dig(r, "error", "code") != -32021.0 {
		t.Errorf("a tool that needs the extension: %v", r)
	}
	if r := w.call(t, "tasks/cancel", dict{"taskId": id}); r["error"] != nil {
		t.Error(r)
	}
}

// TestTaskFails has a tool that answers with an error, and one that breaks.
func TestTaskFails(t *testing.T) {
	t.Parallel()
	w := startBench(t, benchOptions{plugins: []string{"conformance", "fixture"}}).connect(t, true, canWait())
	result := w.awaitTask(t, w.startTask(t, "fixture_fail_later", dict{"n": 1}), "completed")["result"]
	if about := dig(result, "_meta", "mcp-server/error"); dig(result, "isError") != true || dig(about, "code") != "not_found" || dig(about, "source") != "cloud" {
		t.Errorf("the result is %v", result)
	}
	failure := w.awaitTask(t, w.startTask(t, "protocol_error_job", nil), "failed")["error"]
	if about := dig(failure, "data", "mcp-server/error"); dig(failure, "code") != -32603.0 || dig(about, "code") != "internal" ||
		dig(about, "plugin") != "conformance" || dig(about, "phase") != "run" || dig(about, "call_id") == "" {
		t.Errorf("the failure is %v", failure)
	}
	before := time.Now()
	task := w.awaitTask(t, w.startTask(t, "slow_compute", dict{"seconds": 0.1}), "completed")
	updated, _ := task["lastUpdatedAt"].(string)
	if at, err := time.Parse(time.RFC3339Nano, updated); err != nil || at.Before(before.Add(-time.Minute)) {
		t.Errorf("updated at %v, %v", at, err)
	}
}
