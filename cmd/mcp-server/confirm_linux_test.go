package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// yes and no are what a person can say to the question before a once-only download.
func yes() dict { return dict{"action": "accept", "content": dict{"download": true}} }

func no() map[string]dict {
	return map[string]dict{
		"decline": {"action": "decline"}, "cancel": {"action": "cancel"}, "unticked": {"action": "accept", "content": dict{"download": false}},
	}
}

const elicitation = "elicitation/create"

// download calls the tool that asks, and returns the question: the id and the state are for the answer.
func (w *wire) download(t *testing.T) (id int, question, state any) {
	t.Helper()
	before := len(w.said(elicitation))
	id = w.begin(t, "tools/call", dict{"name": downloadArchive, "arguments": archiveArguments()})
	if !w.modern {
		question, params := w.asked(t, elicitation, before+1)
		checkQuestion(t, params)
		return id, question, nil
	}
	result := dig(w.await(t, id), "result")
	asks, _ := dig(result, "inputRequests").(dict)
	for key, ask := range asks {
		params, _ := dig(ask, "params").(dict)
		checkQuestion(t, params)
		return id, key, dig(result, "requestState")
	}
	t.Fatalf("nothing is asked: %v", result)
	return 0, nil, nil
}

func checkQuestion(t *testing.T, params dict) {
	t.Helper()
	message, _ := params["message"].(string)
	if !strings.Contains(message, emulator.ROMAArchiveID) || dig(params, "requestedSchema", "properties", "download", "type") != "boolean" {
		t.Errorf("the question is %v", params)
	}
}

// answer hands the answer over and returns the response to the call.
func (w *wire) answer(t *testing.T, id int, question, state any, answer dict) dict {
	t.Helper()
	if !w.modern {
		w.reply(t, question, answer)
		return w.await(t, id)
	}
	key, _ := question.(string)
	return w.call(t, "tools/call", dict{
		"name": downloadArchive, "arguments": archiveArguments(), "requestState": state, "inputResponses": dict{key: answer},
	})
}

// checkFile wants the archive in the result and one request for it at the cloud.
func (s *bench) checkFile(t *testing.T, response dict) {
	t.Helper()
	artifacts, _ := dig(response, "result", "structuredContent", "artifacts").([]any)
	if len(artifacts) != 1 {
		t.Fatalf("no file: %v", response)
	}
	path, _ := dig(artifacts[0], "path").(string)
	if path == "" { // a caller with a name is not told
		uri, _ := dig(artifacts[0], "uri").(string)
		path = filepath.Join(s.data, "artifacts", strings.TrimPrefix(uri, "artifact://"))
	}
	got, err := os.ReadFile(path)
	want, _ := s.cloud.Content("roma/" + emulator.ROMAArchiveID)
	if err != nil || string(got) != string(want) || requested(s.cloud) != 1 {
		t.Errorf("%d bytes of %d, %d requests, %v", len(got), len(want), requested(s.cloud), err)
	}
}

// TestPersonIsAsked declines in all ways, answers wrongly, and agrees in the end.
func TestPersonIsAsked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP})
		w := s.connect(t, modern, canAnswer())
		for name, said := range no() {
			id, question, state := w.download(t)
			response := w.answer(t, id, question, state, said)
			if text := says(dig(response, "result")); dig(response, "result", "isError") != true || !strings.Contains(text, "nothing was fetched") ||
				dig(response, "result", "_meta", "mcp-server/error", "code") != "canceled" || requested(s.cloud) != 0 {
				t.Errorf("%s: %v", name, response)
			}
		}
		id, question, state := w.download(t)
		if wrong := (dict{"action": "accept", "content": dict{"download": "perhaps"}}); modern {
			again := w.answer(t, id, question, state, wrong)
			if dig(again, "result", "resultType") != "input_required" {
				t.Fatalf("a wrong answer was taken: %v", again)
			}
			state = dig(again, "result", "requestState")
		} else {
			w.reply(t, question, wrong)
			question, _ = w.asked(t, elicitation, len(no())+2)
		}
		if requested(s.cloud) != 0 {
			t.Error("something was fetched before anybody agreed")
		}
		s.checkFile(t, w.answer(t, id, question, state, yes()))
		s.checkFile(t, w.callTool(t, downloadArchive, archiveArguments())) // from the store, without a question
	})
}

// TestNobodyToAsk has clients without the ability, with that for addresses only, and a server that never asks.
func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		for name, o := range map[string]struct {
			able dict
			args []string
		}{
			"cannot":         {nil, nil},
			"addresses only": {dict{"elicitation": dict{"url": dict{}}}, nil},
			"never":          {canAnswer(), []string{"--confirm", "never"}},
		} {
			s := startBench(t, benchOptions{http: overHTTP, args: o.args})
			w := s.connect(t, modern, o.able)
			s.checkFile(t, w.callTool(t, downloadArchive, archiveArguments()))
			if len(w.said(elicitation)) > 0 {
				t.Errorf("%s: somebody was asked", name)
			}
		}
	})
}

// TestOfficialClientAsks has the official client's handler say yes and no.
func TestOfficialClientAsks(t *testing.T) {
	t.Parallel()
	for _, revision := range []string{oldRevision, newRevision} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			s := startBench(t, benchOptions{http: true})
			var agree atomic.Bool
			client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
				ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
					if !agree.Load() {
						return &mcp.ElicitResult{Action: "decline"}, nil
					}
					return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"download": true}}, nil
				},
			})
			session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: s.url}, &mcp.ClientSessionOptions{ProtocolVersion: revision})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = session.Close() })
			for _, yes := range []bool{false, true} {
				agree.Store(yes)
				r, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: downloadArchive, Arguments: archiveArguments()})
				if err != nil || r.IsError == yes {
					t.Fatalf("agreed: %v, got %v, %+v", yes, err, r)
				}
			}
			if v := session.InitializeResult().ProtocolVersion; v != revision || requested(s.cloud) != 1 {
				t.Errorf("spoke %s, %d requests", v, requested(s.cloud))
			}
		})
	}
}

// TestKilledWhileAPersonThinks kills the plugin or the server under an open question. Nothing was sent, so the next call may
// fetch, and asks again.
func TestKilledWhileAPersonThinks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP})
		w := s.connect(t, modern, canAnswer())
		id, question, state := w.download(t)
		kill(t, s.plugin(t, "roma-download-archive"))
		var response dict
		if modern {
			waitFor(t, "the call to end", func() bool { return strings.Contains(s.log.String(), "call failed") })
			if response = w.answer(t, id, question, state, yes()); !strings.Contains(says(dig(response, "result")), "ended during the call") {
				t.Errorf("a late answer got %v", response)
			}
		} else if response = w.await(t, id); dig(response, "result", "isError") != true || !strings.Contains(says(dig(response, "result")), "ended during the call") {
			t.Errorf("the call was answered by %v", response)
		} else if len(w.said("notifications/cancelled")) != 1 {
			t.Error("the client was not told that its answer is not needed any more")
		} else {
			w.reply(t, question, yes()) // too late, and ignored
		}

		id, question, state = w.download(t)
		kill(t, s.process.Process.Pid)
		<-s.ended
		s = startBench(t, benchOptions{http: overHTTP, cloud: s.cloud, data: s.data})
		w = s.connect(t, modern, canAnswer())
		if modern {
			if response := w.answer(t, id, question, state, yes()); dig(response, "error", "code") != -32602.0 {
				t.Errorf("an answer to a server that is gone got %v", response)
			}
		}
		id, question, state = w.download(t)
		s.checkFile(t, w.answer(t, id, question, state, yes()))
	})
}

func (s *bench) plugin(t *testing.T, name string) int {
	t.Helper()
	for _, pid := range childrenIn(t, s.process.Process.Pid, s.plugins) {
		if command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(command), name) {
			return pid
		}
	}
	t.Fatalf("the plugin %s does not run", name)
	return 0
}

// TestTwoAsked has two calls of one archive, one of which loses its question for good: nobody waits for it.
func TestTwoAsked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		s := startBench(t, benchOptions{http: overHTTP})
		w := s.connect(t, modern, canAnswer())
		w.download(t) // the answer never comes
		first, firstQuestion, firstState := w.download(t)
		second, secondQuestion, secondState := w.download(t)
		s.checkFile(t, w.answer(t, second, secondQuestion, secondState, yes()))
		s.checkFile(t, w.answer(t, first, firstQuestion, firstState, yes())) // the stored one
	})
}

// TestQuestionThatIsCancelled cancels the call under an open question.
func TestQuestionThatIsCancelled(t *testing.T) {
	t.Parallel()
	for _, overHTTP := range []bool{false, true} {
		s := startBench(t, benchOptions{http: overHTTP})
		w := s.connect(t, false, canAnswer())
		id, question, _ := w.download(t)
		w.leave(t, id)
		waitFor(t, "the call to end", func() bool { return strings.Contains(s.log.String(), "call failed") })
		w.reply(t, question, yes())
		if response := w.responseTo(id); response != nil || requested(s.cloud) != 0 {
			t.Errorf("after the cancellation: %v, %d requests", response, requested(s.cloud))
		}
		id, question, state := w.download(t)
		s.checkFile(t, w.answer(t, id, question, state, yes()))
	}
}

// TestSomebodyElseAnswers has another caller, a changed request, a used state and no state.
func TestSomebodyElseAnswers(t *testing.T) {
	t.Parallel()
	s := startBench(t, benchOptions{http: true, access: twoCallers(t)})
	w, eve := s.connectAs(t, ownToken("ada"), true, canAnswer()), s.connectAs(t, ownToken("eve"), true, canAnswer())
	id, question, state := w.download(t)
	if r := eve.answer(t, id, question, state, yes()); dig(r, "error", "code") != -32602.0 {
		t.Errorf("another caller got %v", r)
	}
	if r := w.call(t, "tools/call", dict{"name": "artifact_list", "arguments": dict{}, "requestState": state}); dig(r, "error", "code") != -32602.0 {
		t.Errorf("another tool got %v", r)
	}
	key, _ := question.(string)
	s.checkFile(t, w.call(t, "tools/call", dict{ // the state is lost, the answer is not
		"name": downloadArchive, "arguments": archiveArguments(), "inputResponses": dict{key: yes()},
	}))
	s.checkFile(t, w.answer(t, id, question, state, yes()))
	if r := w.answer(t, id, question, state, yes()); dig(r, "error", "code") != -32602.0 {
		t.Errorf("a state was good twice: %v", r)
	}
}

// TestServerEndsUnderAQuestion closes the input, or asks the server to end, while a person thinks and a task runs. Neither holds
// it up, and the caller is told that nothing was fetched.
func TestServerEndsUnderAQuestion(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		cloud, _ := hangingExport(t)
		s := startBench(t, benchOptions{http: overHTTP, cloud: cloud})
		able := canWait()
		maps.Copy(able, canAnswer())
		w := s.connect(t, modern, able)
		if modern {
			w.startTask(t, "drs_export_template", longTools()["drs_export_template"])
			awaitHanging(t, cloud)
		}
		id, _, _ := w.download(t)
		s.stop(t)
		if !modern {
			if r := w.await(t, id); dig(r, "result", "isError") != true || !strings.Contains(says(dig(r, "result")), "no answer can come any more") {
				t.Errorf("answered with %v", r)
			}
		}
		<-s.ended
		if log := s.log.String(); strings.Contains(log, "still running") || requested(s.cloud) != 0 {
			t.Errorf("%d requests, and the log says\n%s", requested(s.cloud), log)
		}
	})
}
