package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// official connects the official client to a server of either transport, in either revision.
func official(t *testing.T, overHTTP, modern bool) *mcp.ClientSession {
	t.Helper()
	revision := oldRevision
	if modern {
		revision = newRevision
	}
	if !overHTTP {
		return startServerSpeaking(t, revision, startCloud(t, emulator.Config{})).ClientSession
	}
	s := startBench(t, benchOptions{http: true})
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).
		Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: s.url}, &mcp.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// TestPromptsOfThePlugins lists, gets and completes them, with the official client.
func TestPromptsOfThePlugins(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, overHTTP, modern bool) {
		t.Helper()
		c := official(t, overHTTP, modern)
		listed, err := c.ListPrompts(t.Context(), nil)
		if err != nil || len(listed.Prompts) != 3 {
			t.Fatalf("%+v, %v", listed, err)
		}
		for _, p := range listed.Prompts {
			if p.Title == "" || p.Description == "" || len(p.Arguments) == 0 {
				t.Errorf("%+v", p)
			}
		}
		got, err := c.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: "explain_drs_export", Arguments: map[string]string{"jobs": emulator.DRSJobID}})
		if err != nil || len(got.Messages) == 0 {
			t.Fatalf("%+v, %v", got, err)
		}
		if text, ok := got.Messages[0].Content.(*mcp.TextContent); !ok || !strings.Contains(text.Text, emulator.DRSJobID) {
			t.Errorf("it says %+v", got.Messages[0].Content)
		}
		for name, arguments := range map[string]map[string]string{
			"compare_rfs_versions": nil, "explain_drs_export": {"job": "x"}, "inspect_roma_archive": {"more": ""}, "none": nil,
		} {
			if _, err := c.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: name, Arguments: arguments}); err == nil ||
				name != "none" && !strings.Contains(err.Error(), "argument \"") {
				t.Errorf("%s with %v: %v", name, arguments, err)
			}
		}
		for argument, want := range map[string]string{"template_name": emulator.RFSTemplateName, "version_a": "V1"} {
			r, err := c.Complete(t.Context(), &mcp.CompleteParams{
				Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "compare_rfs_versions"},
				Argument: mcp.CompleteParamsArgument{Name: argument},
				Context:  &mcp.CompleteContext{Arguments: map[string]string{"template_name": emulator.RFSTemplateName}},
			})
			if err != nil || !slices.Contains(r.Completion.Values, want) {
				t.Errorf("%s: %+v, %v", argument, r, err)
			}
		}
		if _, err := c.Complete(t.Context(), &mcp.CompleteParams{
			Ref: &mcp.CompleteReference{Type: "ref/prompt", Name: "none"}, Argument: mcp.CompleteParamsArgument{Name: "x"},
		}); err == nil {
			t.Error("a prompt that is not there was completed")
		}
	})
}
