package telemetry

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracesv1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// encoder writes labels as name=value, for comparisons.
type encoder struct{}

func (encoder) Encode(i attribute.Iterator) string {
	var parts []string
	for i.Next() {
		a := i.Attribute()
		parts = append(parts, string(a.Key)+"="+a.Value.String())
	}
	return strings.Join(parts, ",")
}

var encoderID = attribute.NewEncoderID()

func (encoder) ID() attribute.EncoderID { return encoderID }

// collector receives OTLP over HTTP.
type collector struct {
	url string

	mu      sync.Mutex
	spans   []*tracesv1.Span
	service string
	metrics []string
	keys    []string
	faults  []error
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	c.keys = append(c.keys, r.Header.Get("Api-Key"))
	switch r.URL.Path {
	case "/v1/traces":
		var sent collecttraces.ExportTraceServiceRequest
		err = errors.Join(err, proto.Unmarshal(body, &sent))
		for _, of := range sent.GetResourceSpans() {
			for _, a := range of.GetResource().GetAttributes() {
				if a.GetKey() == "service.name" {
					c.service = a.GetValue().GetStringValue()
				}
			}
			for _, scoped := range of.GetScopeSpans() {
				c.spans = append(c.spans, scoped.GetSpans()...)
			}
		}
	case "/v1/metrics":
		var sent collectmetrics.ExportMetricsServiceRequest
		err = errors.Join(err, proto.Unmarshal(body, &sent))
		for _, of := range sent.GetResourceMetrics() {
			for _, scoped := range of.GetScopeMetrics() {
				for _, m := range scoped.GetMetrics() {
					c.metrics = append(c.metrics, m.GetName())
				}
			}
		}
	default:
		err = errors.Join(err, errors.New("posted to "+r.URL.Path))
	}
	if err != nil {
		c.faults = append(c.faults, err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// TestOneTrace sends host, plugin and cloud request to a collector over HTTP: one trace, three levels.
func TestOneTrace(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	on, err := Start(t.Context(), Options{Version: "1", LookupEnv: lookup(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": c.url, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=k", "OTEL_SERVICE_NAME": "team-tools",
	})})
	if err != nil {
		t.Fatal(err)
	}
	_, call := on.StartCall(t.Context(), Call{Tool: "rfs_list_templates", Plugin: "rfs", TraceParent: parent})
	begin := time.Now()
	call.Child(ChildSpan{Name: "GET /v1/templates", ParentID: "00000000000000aa", Start: begin, End: begin,
		Attributes: map[string]string{"http.request.method": "GET", "http.response.status_code": "200"}})
	call.Child(ChildSpan{Name: "tool", SpanID: "00000000000000aa", Start: begin, End: begin})
	call.End(Outcome{Artifacts: 1, Bytes: 5})
	if err := on.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.faults) > 0 || len(c.spans) != 3 || c.service != "team-tools" || c.keys[0] != "k" {
		t.Fatalf("received %d spans of %q, keys %q, faults %v", len(c.spans), c.service, c.keys, c.faults)
	}
	byName := map[string]*tracesv1.Span{}
	for _, s := range c.spans {
		byName[s.GetName()] = s
		if !bytes.Equal(s.GetTraceId(), c.spans[0].GetTraceId()) {
			t.Error("there are two traces")
		}
	}
	host, plugin, cloud := byName["tools/call rfs_list_templates"], byName["tool"], byName["GET /v1/templates"]
	if !bytes.Equal(plugin.GetParentSpanId(), host.GetSpanId()) || !bytes.Equal(cloud.GetParentSpanId(), plugin.GetSpanId()) {
		t.Errorf("the levels are %v", c.spans)
	}
	if cloud.GetKind() != tracesv1.Span_SPAN_KIND_CLIENT || host.GetKind() != tracesv1.Span_SPAN_KIND_SERVER {
		t.Error("the kinds are wrong")
	}
	if !strings.Contains(strings.Join(c.metrics, " "), "mcp_server.calls") {
		t.Errorf("metrics %v", c.metrics)
	}
}

// TestBlackHole has a collector that takes connections and never answers. More calls than any queue holds go through,
// and the server stops when it is told to.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	hole, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hole.Close() }()
	go func() {
		for {
			taken, err := hole.Accept()
			if err != nil {
				return
			}
			defer func() { _ = taken.Close() }()
		}
	}()
	on, err := Start(t.Context(), Options{LookupEnv: lookup(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + hole.Addr().String()})})
	if err != nil {
		t.Fatal(err)
	}
	for range 20_000 {
		_, call := on.StartCall(t.Context(), Call{Tool: "x", Plugin: "p"})
		call.End(Outcome{})
	}
	if err := on.Shutdown(t.Context()); err == nil {
		t.Error("nothing arrived, and nothing was said")
	}
	_, call := on.StartCall(t.Context(), Call{Tool: "x", Plugin: "p"})
	call.End(Outcome{}) // after the end: dropped
}

// TestFailuresAreFew has a collector that is gone for hours.
func TestFailuresAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &failures{logger: slog.New(slog.NewTextHandler(&log, nil))}
		for range 120 {
			f.Handle(errors.New(`Post "http://u:hunter2@c/v1/traces?key=hunter2": refused`))
			sink{f}.Error(errors.New("no"), "parsing headers", "value", "hunter2")
			time.Sleep(10 * time.Second)
		}
		if n := strings.Count(log.String(), "\n"); n != 20 {
			t.Errorf("%d lines in 20 minutes", n)
		}
		if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "more_before=11") {
			t.Error(log.String())
		}
	})
}

// TestPrometheus reads the metrics as Prometheus does.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	on, err := Start(t.Context(), Options{Prometheus: true})
	if err != nil {
		t.Fatal(err)
	}
	_, call := on.StartCall(t.Context(), Call{Tool: "x", Plugin: "p"})
	call.End(Outcome{})
	w := httptest.NewRecorder()
	on.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`mcp_server_calls_total{gen_ai_tool_name="x",mcp_server_code="ok",mcp_server_plugin="p"} 1`,
		`mcp_server_calls_running{mcp_server_plugin="p"} 0`,
		`mcp_server_operation_duration_seconds_count{gen_ai_operation_name="execute_tool",gen_ai_tool_name="x",mcp_method_name="tools/call"} 1`,
		"go_goroutines ",
	} {
		if !strings.Contains(w.Body.String(), "\n"+line) {
			t.Errorf("there is no %s in\n%s", line, w.Body.String())
		}
	}
	if err := on.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
