package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func lookup(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

// TestSettings has what is on, by the variables, and what is said of those that cannot be followed.
func TestSettings(t *testing.T) {
	t.Parallel()
	type on struct{ Traces, Metrics, Prometheus bool }
	tests := map[string]struct {
		env        map[string]string
		prometheus bool
		want       on
		warning    string
	}{
		"nothing is set":             {},
		"only a name is set":         {env: map[string]string{"OTEL_SERVICE_NAME": "x", "OTEL_TRACES_SAMPLER": "always_on"}},
		"an endpoint":                {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, want: on{true, true, false}},
		"an endpoint of one signal":  {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/t"}, want: on{Traces: true}},
		"an exporter of one signal":  {env: map[string]string{"OTEL_METRICS_EXPORTER": "otlp"}, want: on{Metrics: true}},
		"an empty endpoint":          {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""}},
		"none of one signal":         {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, want: on{Metrics: true}},
		"disabled":                   {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, prometheus: true},
		"two exporters":              {env: map[string]string{"OTEL_METRICS_EXPORTER": "otlp, prometheus"}, want: on{false, true, true}},
		"the server's own option":    {prometheus: true, want: on{Prometheus: true}},
		"console":                    {env: map[string]string{"OTEL_TRACES_EXPORTER": "console"}, warning: "standard output carries MCP"},
		"console beside otlp":        {env: map[string]string{"OTEL_TRACES_EXPORTER": "console,otlp"}, want: on{Traces: true}, warning: "standard output carries MCP"},
		"zipkin":                     {env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, warning: "set it to otlp or none"},
		"gRPC":                       {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, warning: "http/protobuf"},
		"an endpoint with no scheme": {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "user:hunter2@c:4318"}, warning: "write OTEL_EXPORTER_OTLP_ENDPOINT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := readSettings(Options{LookupEnv: lookup(test.env), Prometheus: test.prometheus, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if diff := cmp.Diff(test.want, on{s.traces, s.metrics, s.prometheus}); diff != "" {
				t.Error(diff)
			}
			if (log.Len() > 0) != (test.warning != "") || !strings.Contains(log.String(), test.warning) {
				t.Errorf("logged %q", log.String())
			}
			if strings.Contains(log.String(), "hunter2") {
				t.Error("a password is in the log")
			}
		})
	}
}

// TestOffIsNil has a server that was told nothing, and every method of what it gets.
func TestOffIsNil(t *testing.T) {
	t.Parallel()
	off, err := Start(t.Context(), Options{LookupEnv: lookup(nil)})
	if off != nil || err != nil {
		t.Fatal(off, err)
	}
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx, span := off.StartCall(t.Context(), Call{Tool: "x", TraceParent: parent, TraceState: "a=b"})
	if ctx != t.Context() {
		t.Error("the context changed")
	}
	if span.TraceParent() != parent || span.TraceState() != "a=b" {
		t.Errorf("passed on %q, %q", span.TraceParent(), span.TraceState())
	}
	span.Child(ChildSpan{})
	span.End(Outcome{})
	off.PluginStarted("x")
	off.PluginCrashed("x")
	off.HTTPRequest(HTTPRequest{})
	if off.Handler() == nil || off.Shutdown(t.Context()) != nil {
		t.Error("nil is not nothing")
	}
	_, broken := off.StartCall(t.Context(), Call{TraceParent: "00-zz"})
	if broken.TraceParent() != "" {
		t.Errorf("passed on %q", broken.TraceParent())
	}
	var none *CallSpan
	none.Child(ChildSpan{})
	none.End(Outcome{})
	if none.TraceParent()+none.TraceState() != "" {
		t.Error("a nil span has a parent")
	}
}

// TestVariables has the values that are read once something is on.
func TestVariables(t *testing.T) {
	t.Parallel()
	s := readSettings(Options{Logger: slog.New(slog.DiscardHandler), LookupEnv: lookup(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c:4318/base/", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://m/x",
		"OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, , broken,x=1=2", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "250",
		"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,deployment.environment=a%2Cb", "OTEL_SERVICE_NAME": "mine",
		"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
	})})
	got := map[string]string{
		"traces": s.endpoint(traces), "metrics": s.endpoint(metrics), "key": s.headers(traces)["api-key"], "x": s.headers(metrics)["x"],
		"timeout": s.timeout(traces).String(), "default": s.timeout(metrics).String(), "sampler": s.sampler().Description(),
	}
	for _, a := range s.resource("1.2").Attributes() {
		got[string(a.Key)] = a.Value.AsString()
	}
	want := map[string]string{
		"traces": "https://c:4318/base/v1/traces", "metrics": "http://m/x", "key": "a b", "x": "1=2", "timeout": "250ms", "default": "10s",
		"sampler":      sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.25)).Description(),
		"service.name": "mine", "service.version": "1.2", "deployment.environment": "a,b",
		"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
