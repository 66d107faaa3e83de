package telemetry

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

const (
	clientTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	clientSpan  = "00f067aa0ba902b7"
	parent      = "00-" + clientTrace + "-" + clientSpan + "-01"
)

// kit is telemetry that keeps what it records.
type kit struct {
	*Telemetry
	spans  *tracetest.InMemoryExporter
	reader *metric.ManualReader
}

func newKit(t *testing.T, o Options) kit {
	t.Helper()
	k := kit{spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader()}
	s := readSettings(o)
	var err error
	k.Telemetry, err = assemble(o, s, []sdktrace.TracerProviderOption{sdktrace.WithSyncer(k.spans)}, []metric.Reader{k.reader})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// points are all metrics as lines: name{labels} value, histograms by their count.
func (k kit) points(t *testing.T) map[string]int64 {
	t.Helper()
	var read metricdata.ResourceMetrics
	if err := k.reader.Collect(t.Context(), &read); err != nil {
		t.Fatal(err)
	}
	points := map[string]int64{}
	for _, scoped := range read.ScopeMetrics {
		for _, m := range scoped.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points[m.Name+"{"+p.Attributes.Encoded(encoder{})+"}"] = p.Value
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					points[m.Name+"{"+p.Attributes.Encoded(encoder{})+"}"] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points[m.Name+"{"+p.Attributes.Encoded(encoder{})+"}"] = int64(p.Count)
				}
			}
		}
	}
	return points
}

func attributesOf(s tracetest.SpanStub) map[string]string {
	all := map[string]string{}
	for _, a := range s.Attributes {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

// TestTrace is one call from a client's context down to the cloud, the parts reported in the order in which they end.
func TestTrace(t *testing.T) {
	t.Parallel()
	k := newKit(t, Options{})
	_, call := k.StartCall(t.Context(), Call{
		ID: "c1", Tool: "drs_export", Plugin: "drs", Caller: "anna", TraceParent: parent, TraceState: "vendor=1", Transport: "stdio", ProtocolVersion: "2025-11-25",
	})
	handed := strings.Split(call.TraceParent(), "-")
	if len(handed) != 4 || handed[1] != clientTrace || handed[2] == clientSpan || handed[3] != "01" || call.TraceState() != "vendor=1" {
		t.Errorf("handed on %q, %q", call.TraceParent(), call.TraceState())
	}
	const pluginSpan, requestSpan = "00000000000000aa", "00000000000000bb"
	begin := time.Now()
	call.Child(ChildSpan{Name: "POST /v3/{project_id}/jobs", SpanID: requestSpan, ParentID: pluginSpan, Start: begin, End: begin.Add(time.Second),
		Attributes: map[string]string{
			"http.request.method": "POST", "server.address": "drs.example.com", "http.response.status_code": "429",
			"url.full": "https://u:p@drs.example.com/v3?X-Signature=geheim", "url.query": "geheim", "http.request.header.authorization": "geheim",
			"cloud.request_id": "r1",
		}})
	call.Child(ChildSpan{Name: "tool", SpanID: pluginSpan, Start: begin, End: begin.Add(time.Second)})
	call.End(Outcome{Code: "resource_exhausted", Source: "cloud"})
	call.End(Outcome{})
	spans := k.spans.GetSpans()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	request, tool, server := spans[0], spans[1], spans[2]
	type family struct{ Trace, Span, Parent, Kind string }
	tree := func(s tracetest.SpanStub) family {
		return family{s.SpanContext.TraceID().String(), s.SpanContext.SpanID().String(), s.Parent.SpanID().String(), s.SpanKind.String()}
	}
	want := []family{{clientTrace, requestSpan, pluginSpan, "client"}, {clientTrace, pluginSpan, handed[2], "internal"}, {clientTrace, handed[2], clientSpan, "server"}}
	if diff := cmp.Diff(want, []family{tree(request), tree(tool), tree(server)}); diff != "" {
		t.Error(diff)
	}
	if server.Name != "tools/call drs_export" || server.Status.Description != "resource_exhausted" {
		t.Errorf("the call's span is %q, %+v", server.Name, server.Status)
	}
	wantServer := map[string]string{
		"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "drs_export", "mcp_server.plugin": "drs",
		"mcp_server.call.id": "c1", "network.transport": "pipe", "mcp.protocol.version": "2025-11-25", "error.type": "tool_error",
		"mcp_server.code": "resource_exhausted", "mcp_server.source": "cloud",
	}
	if diff := cmp.Diff(wantServer, attributesOf(server)); diff != "" {
		t.Error(diff)
	}
	wantRequest := map[string]string{
		"http.request.method": "POST", "server.address": "drs.example.com", "http.response.status_code": "429",
		"url.full": "https://drs.example.com/v3", "cloud.request_id": "r1", "mcp_server.plugin": "drs",
	}
	if diff := cmp.Diff(wantRequest, attributesOf(request)); diff != "" {
		t.Error(diff)
	}
}

// TestCarryingRequest has a client's context in MCP and one of the HTTP request: the first is the parent, the second a link.
func TestCarryingRequest(t *testing.T) {
	t.Parallel()
	k := newKit(t, Options{})
	ctx, carrying := k.tracer.Start(t.Context(), "POST /mcp")
	_, call := k.StartCall(ctx, Call{Tool: "x", Plugin: "p", TraceParent: parent})
	call.End(Outcome{})
	_, without := k.StartCall(ctx, Call{Tool: "x", Plugin: "p"})
	without.End(Outcome{})
	spans := k.spans.GetSpans()
	if len(spans[0].Links) != 1 || spans[0].Links[0].SpanContext.SpanID() != carrying.SpanContext().SpanID() {
		t.Errorf("links %+v", spans[0].Links)
	}
	if spans[1].Parent.SpanID() != carrying.SpanContext().SpanID() {
		t.Error("without a context of its own a call belongs to its HTTP request")
	}
}

// TestUnsampled has a client that does not record its trace: neither do we, and the plugin is told so.
func TestUnsampled(t *testing.T) {
	t.Parallel()
	k := newKit(t, Options{})
	_, call := k.StartCall(t.Context(), Call{Tool: "x", Plugin: "p", TraceParent: strings.TrimSuffix(parent, "1") + "0"})
	call.Child(ChildSpan{Name: "x"})
	if !strings.HasSuffix(call.TraceParent(), "-00") {
		t.Errorf("handed on %q", call.TraceParent())
	}
	call.End(Outcome{})
	if n := len(k.spans.GetSpans()); n != 0 {
		t.Errorf("%d spans", n)
	}
}

// TestHostileChild has a plugin that reports nonsense.
func TestHostileChild(t *testing.T) {
	t.Parallel()
	k := newKit(t, Options{})
	_, call := k.StartCall(t.Context(), Call{Tool: "x", Plugin: "p"})
	own := call.context.SpanID().String()
	attributes := map[string]string{"http.request.method": "GET\nX", "mcp_server.plugin": "another", "Bad Key": "x", "long": strings.Repeat("ü", 4000), "http.response.status_code": "99999"}
	for n := range 100 {
		attributes[fmt.Sprintf("many%d", n)] = "x"
	}
	begin := time.Now()
	call.Child(ChildSpan{Name: strings.Repeat("x", 9999), SpanID: own, ParentID: "zz", Start: begin, End: begin.Add(-time.Hour), Attributes: attributes})
	for range 2 * maxChildren {
		call.Child(ChildSpan{Name: "x"})
	}
	spans := k.spans.GetSpans()
	if len(spans) != maxChildren {
		t.Errorf("%d children", len(spans))
	}
	s := spans[0]
	if s.SpanContext.SpanID().String() == own || s.Parent.SpanID().String() != own || !s.EndTime.Equal(s.StartTime) {
		t.Errorf("recorded %+v", s)
	}
	if len(s.Attributes) > maxAttributes || len(s.Name) > 128 || attributesOf(s)["mcp_server.plugin"] != "p" || len(attributesOf(s)["long"]) > maxAttribute {
		t.Errorf("%d attributes, name of %d bytes", len(s.Attributes), len(s.Name))
	}
	points := k.points(t)
	if points["http.client.request.duration{http.request.method=_OTHER,mcp_server.plugin=p,server.address=other}"] != 1 {
		t.Errorf("counted %v", points)
	}
}

// TestLabels has metrics of calls by what may be their labels, and nothing else.
func TestLabels(t *testing.T) {
	t.Parallel()
	for _, callers := range []bool{false, true} {
		k := newKit(t, Options{Callers: callers})
		for n := range 600 {
			_, s := k.StartCall(t.Context(), Call{ID: fmt.Sprint(n), Tool: fmt.Sprintf("invented%d", n), Caller: "anna"})
			s.End(Outcome{Code: "not_found", Source: "argument"})
		}
		_, running := k.StartCall(t.Context(), Call{Tool: "x", Plugin: "p"})
		caller := ""
		if callers {
			caller = "mcp_server.caller=anna,"
		}
		want := map[string]int64{
			"mcp_server.calls{gen_ai.tool.name=other," + caller + "mcp_server.code=not_found,mcp_server.plugin=other}":                                  600,
			"mcp.server.operation.duration{error.type=tool_error,gen_ai.operation.name=execute_tool,gen_ai.tool.name=other,mcp.method.name=tools/call}": 600,
			"mcp_server.calls.running{mcp_server.plugin=other}":                                                                                         0,
			"mcp_server.calls.running{mcp_server.plugin=p}":                                                                                             1,
		}
		if diff := cmp.Diff(want, k.points(t)); diff != "" {
			t.Errorf("callers %v: %s", callers, diff)
		}
		running.End(Outcome{})
	}
}

// TestNames has a label that stops growing.
func TestNames(t *testing.T) {
	t.Parallel()
	n := names{limit: 2}
	got := []string{n.of("a"), n.of("b"), n.of("c"), n.of("a"), n.of("x y"), n.of("")}
	if diff := cmp.Diff([]string{"a", "b", other, "a", other, other}, got); diff != "" {
		t.Error(diff)
	}
}

// TestCleaned has what may stand in an attribute.
func TestCleaned(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"https://u:p@h/p?sig=x&y=z rest", "https://h/p rest"},
		{"/path?sig=x", "/path"},
		{"//u:p@h/", "//h/"},
		{"a\x1b[31m\n\u202eb", "a [31m  b"},
		{"üü", "üü"},
		{"üüüüüüüüüüüüüüüüüüüüü", "üüüüüüüüüüüüüüüüüüüü"},
		{strings.Repeat("?", maxSearched) + " https://u:secret@h", ""},
		{"https://u:" + strings.Repeat("p", maxSearched) + "@h", ""},
	}
	for _, test := range tests {
		if got := cleaned(test.in, 41); got != test.want {
			t.Errorf("%.60q became %q, want %q", test.in, got, test.want)
		}
	}
}

// BenchmarkOff is a call without telemetry, BenchmarkOn one with both signals.
func BenchmarkOff(b *testing.B) {
	var off *Telemetry
	for b.Loop() {
		_, s := off.StartCall(b.Context(), Call{Tool: "x", Plugin: "p"})
		s.End(Outcome{})
	}
}

type discard struct{}

func (discard) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (discard) Shutdown(context.Context) error                             { return nil }

func BenchmarkOn(b *testing.B) {
	on, err := assemble(Options{}, readSettings(Options{}), []sdktrace.TracerProviderOption{sdktrace.WithBatcher(discard{})}, []metric.Reader{metric.NewManualReader()})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, s := on.StartCall(b.Context(), Call{Tool: "x", Plugin: "p", TraceParent: parent})
		s.End(Outcome{})
	}
}
