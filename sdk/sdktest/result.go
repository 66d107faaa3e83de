package sdktest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// Result is what one call came to.
type Result struct {
	// JSON is the tool's output; for a prompt that of an [sdk.Messages], for a resource that of its content in MCP. It is nil
	// when Err is set.
	JSON []byte
	// Err is the error as a host sees it.
	Err *sdk.Error
	// Progress holds the messages in order.
	Progress []Progress
	// Logs holds the log messages in order.
	Logs []string
	// Kept are the paths of partial files that the plugin asked to keep.
	Kept []string
	// Asked are the questions that the client was asked, in order, those of one Ask by key.
	Asked []Asked
	// Background says that the plugin called Background, and ClosedStream that it called CloseStream.
	Background, ClosedStream bool
	// CloudRequests are the requests that it reported, in order.
	CloudRequests []sdk.CloudRequest
	// Listings are the tools and prompts that it showed or hid, in order.
	Listings []Listing
	// Updated are the URIs of the resources that it said have changed, in order.
	Updated []string
}

// Progress is one progress report.
type Progress struct {
	Done, Total float64
	Message     string
}

// Kind says what a name names.
type Kind pluginv1.Kind

// The kinds of what a plugin offers.
const (
	Tool     = Kind(pluginv1.Kind_KIND_TOOL)
	Prompt   = Kind(pluginv1.Kind_KIND_PROMPT)
	Resource = Kind(pluginv1.Kind_KIND_RESOURCE)
)

// Listing is one tool or prompt shown or hidden.
type Listing struct {
	Kind   Kind
	Name   string
	Listed bool
}

// Text returns the texts that the result holds, one to a line: of a tool's content blocks, a prompt's messages, or a resource.
func (r Result) Text() string {
	type block struct {
		Text     string `json:"text"`
		Resource struct {
			Text string `json:"text"`
		} `json:"resource"`
	}
	var held struct {
		block
		Content  []block `json:"content"`
		Messages []struct {
			Content block `json:"content"`
		} `json:"messages"`
	}
	if json.Unmarshal(r.JSON, &held) != nil {
		return ""
	}
	blocks := append([]block{held.block}, held.Content...)
	for _, m := range held.Messages {
		blocks = append(blocks, m.Content)
	}
	var texts []string
	for _, b := range blocks {
		if text := b.Text + b.Resource.Text; text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n")
}

// Decode reads the output of a call that must succeed.
func Decode[Out any](t testing.TB, r Result) Out {
	t.Helper()
	var out Out
	if r.Err != nil {
		t.Fatalf("the call failed: %s (%s, %s)", r.Err.Message, r.Err.Code, r.Err.Source)
	}
	if err := json.Unmarshal(r.JSON, &out); err != nil {
		t.Fatalf("reading the output %s: %v", r.JSON, err)
	}
	return out
}

// events records what a call does.
func (h *Host) events(r *Result, store fileStore) pluginv1.Events {
	claims := claims{journal: &h.journal}
	return pluginv1.Events{
		Progress: func(p *pluginv1.Progress) {
			r.Progress = append(r.Progress, Progress{Done: p.GetDone(), Total: p.GetTotal(), Message: p.GetMessage()})
		},
		Log: func(l *pluginv1.Log) { r.Logs = append(r.Logs, l.GetMessage()+" "+string(l.GetAttributes())) },
		File: func(_ context.Context, f *pluginv1.File) *pluginv1.FileReply {
			reply := store.adopt(f)
			if path := reply.GetKeptPath(); path != "" {
				r.Kept = append(r.Kept, path)
			}
			if f.GetClaimed() {
				claims.stored(reply.GetArtifact())
			}
			return reply
		},
		Claim:   func(_ context.Context, m *pluginv1.Claim) *pluginv1.ClaimReply { return claims.grant(m) },
		Release: claims.release,
		Ask:     func(ctx context.Context, a *pluginv1.Ask) *pluginv1.AskReply { return h.ask(ctx, a, r) },
		Background: func(b *pluginv1.Background) {
			r.Background = r.Background || !b.GetCloseStream()
			r.ClosedStream = r.ClosedStream || b.GetCloseStream()
		},
		CloudRequest: func(c *pluginv1.CloudRequest) { r.CloudRequests = append(r.CloudRequests, cloudRequest(c)) },
		Listing: func(l *pluginv1.Listing) {
			h.knows(l)
			r.Listings = append(r.Listings, Listing{Kind: Kind(l.GetKind()), Name: l.GetName(), Listed: l.GetListed()})
		},
		Updated: func(u *pluginv1.Updated) { r.Updated = append(r.Updated, u.GetUri()) },
	}
}

// knows fails the test when the plugin shows or hides what it does not have; a host would pass it over.
func (h *Host) knows(l *pluginv1.Listing) {
	for _, tool := range h.manifest.Tools {
		if l.GetKind() == pluginv1.Kind_KIND_TOOL && tool.Name == l.GetName() {
			return
		}
	}
	for _, prompt := range h.manifest.Prompts {
		if l.GetKind() == pluginv1.Kind_KIND_PROMPT && prompt.Name == l.GetName() {
			return
		}
	}
	h.t.Errorf("the plugin lists %q, which it does not have", l.GetName())
}

func cloudRequest(c *pluginv1.CloudRequest) sdk.CloudRequest {
	at := func(nano int64) time.Time {
		if nano == 0 {
			return time.Time{}
		}
		return time.Unix(0, nano)
	}
	return sdk.CloudRequest{
		Start: at(c.GetStartUnixNano()), End: at(c.GetEndUnixNano()), Method: c.GetMethod(), Endpoint: c.GetEndpoint(),
		Route: c.GetRoute(), Region: c.GetRegion(), Status: int(c.GetStatus()), Error: c.GetError(), RequestID: c.GetRequestId(),
		Attempt: int(c.GetAttempt()),
	}
}
