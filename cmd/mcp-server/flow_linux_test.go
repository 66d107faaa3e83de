package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
)

// TestProgressComesInOrder has reports before their response and none after it, under the client's own token.
func TestProgressComesInOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		const steps = 15
		w := startBench(t, benchOptions{http: overHTTP, plugins: []string{"fixture"}}).connect(t, modern, nil)
		for _, token := range []any{"a token", 7.0} {
			before := len(w.messages())
			w.callTool(t, "fixture_steps", dict{"n": steps}, dict{"progressToken": token})
			w.callTool(t, "fixture_steps", dict{"n": steps}) // without a token nobody is told
			got := w.messages()[before:]
			if len(got) != steps+2 {
				t.Fatalf("%d messages: %v", len(got), got)
			}
			for n, m := range got[:steps] {
				p, _ := m["params"].(dict)
				if p["progressToken"] != token || p["progress"] != float64(n+1) || p["total"] != float64(steps) || p["message"] != fmt.Sprintf("step %d", n+1) {
					t.Errorf("message %d is %v", n, m)
				}
			}
		}
	})
}

// levels are those of the lines that a client was sent since its n-th message.
func (w *wire) levels(n int) (all []string) {
	for _, m := range w.messages()[n:] {
		if m["method"] == "notifications/message" {
			level, _ := dig(m, "params", "level").(string)
			all = append(all, level)
		}
	}
	return all
}

// TestLogLevels has each client get the lines of its own level.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	allLevels := []string{"debug", "info", "warning", "error"}
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP, plugins: []string{"fixture"}})
		w := s.connect(t, modern, nil)
		other := w
		if overHTTP {
			other = s.connect(t, modern, nil)
		}
		for level, want := range map[string][]string{"debug": allLevels, "warning": allLevels[2:], "error": allLevels[3:]} {
			before, meta := len(w.messages()), dict{"io.modelcontextprotocol/logLevel": level}
			if !modern {
				meta = nil
				w.call(t, "logging/setLevel", dict{"level": level})
			}
			w.callTool(t, "fixture_log", nil, meta)
			if got := w.levels(before); !slices.Equal(got, want) {
				t.Errorf("at %s came %v", level, got)
			}
		}
		if other == w && !modern {
			return // it has chosen
		}
		want := allLevels[1:]
		if modern {
			want = nil
		}
		before := len(other.messages())
		other.callTool(t, "fixture_log", nil)
		if got := other.levels(before); !slices.Equal(got, want) {
			t.Errorf("a client that chose nothing got %v", got)
		}
	})
}

// TestCancelledCallIsDropped cancels a call whose request hangs, and one that waits for what another call fetches.
func TestCancelledCallIsDropped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		log := &syncBuffer{}
		cloud := startCloud(t, emulator.Config{Logger: slog.New(slog.NewJSONHandler(log, nil))}, hanging,
			emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultStall, PathContains: "archives"})
		s := startBench(t, benchOptions{http: overHTTP, cloud: cloud})
		w := s.connect(t, modern, nil)
		running := w.begin(t, "tools/call", dict{"name": "rfs_list_templates", "arguments": dict{}}, dict{"progressToken": "running"})
		waitFor(t, "the request", func() bool { return len(cloud.Requests()) == 1 })
		w.leave(t, running)
		waitFor(t, "the request to be dropped", func() bool { return strings.Contains(log.String(), `"msg":"request"`) })

		first := w.begin(t, "tools/call", dict{"name": downloadArchive, "arguments": archiveArguments()})
		waitFor(t, "the download", func() bool { return requested(cloud) == 1 })
		second := w.begin(t, "tools/call", dict{"name": downloadArchive, "arguments": archiveArguments()})
		waitFor(t, "the second call to wait", func() bool { return strings.Contains(s.log.String(), "waiting for another call") })
		w.leave(t, second)
		waitFor(t, "both calls to end", func() bool { return strings.Count(s.log.String(), `"outcome":"canceled"`) == 2 })
		w.leave(t, first)
		waitFor(t, "the third call to end", func() bool { return strings.Count(s.log.String(), `"msg":"call failed"`) == 3 })
		cloud.SetFaults()
		if r := w.callTool(t, "rfs_list_templates", nil); dig(r, "result", "isError") == true {
			t.Errorf("the next call: %v", r)
		}
		for _, id := range []int{running, first, second} {
			if r := w.responseTo(id); r != nil {
				t.Errorf("a cancelled call was answered with %v", r)
			}
		}
		if requested(cloud) != 1 {
			t.Errorf("%d requests for the archive", requested(cloud))
		}
	})
}

// TestChangesAreTold lists and hides a tool and a prompt, and changes a resource.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP, plugins: []string{"conformance"}})
		w := s.connect(t, modern, nil)
		w.listen(t, dict{"toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": []string{"test://watched-resource"}})
		for n, listed := range []bool{true, false} {
			for what, tool := range map[string]string{"tools": "test_trigger_tool_change", "prompts": "test_trigger_prompt_change"} {
				w.callTool(t, tool, nil)
				waitFor(t, what+" to change", func() bool { return len(w.said("notifications/"+what+"/list_changed")) == n+1 })
				_, shown := w.names(t, what)["test_dynamic_"+strings.TrimSuffix(what, "s")]
				if shown != listed {
					t.Errorf("%s: shown %v, want %v", what, shown, listed)
				}
			}
		}
		w.callTool(t, "test_trigger_resource_change", nil)
		waitFor(t, "the resource to change", func() bool { return len(w.said("notifications/resources/updated")) == 1 })
		if uri := w.said("notifications/resources/updated")[0]["uri"]; uri != "test://watched-resource" {
			t.Errorf("%v has changed", uri)
		}
		if !overHTTP {
			return
		}
		deaf := s.connect(t, modern, nil)
		deaf.listen(t, dict{"toolsListChanged": true})
		deaf.callTool(t, "test_trigger_resource_change", nil)
		deaf.callTool(t, "test_trigger_tool_change", nil)
		waitFor(t, "the tools to change", func() bool { return len(deaf.said("notifications/tools/list_changed")) == 1 })
		if got := deaf.said("notifications/resources/updated"); len(got) > 0 {
			t.Errorf("a client that did not subscribe got %v", got)
		}
	})
}

// names collects all pages of a list, by name or URI, and counts how often each comes.
func (w *wire) names(t *testing.T, what string) map[string]int {
	t.Helper()
	found, params := map[string]int{}, dict{}
	for pages := 0; ; pages++ {
		r := w.call(t, what+"/list", params)
		page, isList := dig(r, "result", what).([]any)
		if !isList || pages > 20 {
			t.Fatalf("%d pages, %v", pages, r)
		}
		for _, entry := range page {
			name, _ := dig(entry, "uri").(string)
			if name == "" {
				name, _ = dig(entry, "name").(string)
			}
			found[name]++
		}
		next, _ := dig(r, "result", "nextCursor").(string)
		if next == "" {
			return found
		}
		params = dict{"cursor": next}
	}
}
