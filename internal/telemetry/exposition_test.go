package telemetry

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// TestExpositionIsTheLibrarys compares every line with what OpenTelemetry's exporter and the Prometheus client write of the same
// metrics.
func TestExpositionIsTheLibrarys(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Prometheus: true, Callers: true, Version: `1.2 "x"\y`}
	both, err := assemble(o, readSettings(o), nil, []sdkmetric.Reader{reader})
	if err != nil {
		t.Fatal(err)
	}
	k := kit{Telemetry: both}
	record(t, k)
	for n := range 30 {
		_, call := both.StartCall(t.Context(), Call{Tool: "tool", Plugin: "p", Caller: "c"})
		call.End(Outcome{Code: map[bool]string{true: "internal"}[n%3 == 0]})
		both.HTTPRequest(HTTPRequest{Method: "GET", Route: "/artifacts/{id}", Status: 200 + n, Duration: time.Duration(n) * 700 * time.Millisecond})
	}
	theirs := scraped(t, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	ours := scraped(t, both.Handler())
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("the library's (-) and ours (+):\n%s", diff)
	}
}

// scraped are the lines of a scrape without those of the runtime and the process.
func scraped(t *testing.T, h http.Handler) (lines []string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4; charset=utf-8") {
		t.Errorf("the content is %s", got)
	}
	for line := range strings.Lines(w.Body.String()) {
		if name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "); !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines) // the order of a family's series says nothing
	return lines
}

// TestProcessMetricsHaveTheUsualNames wants every name of ours to be one that the Prometheus client gives the same.
func TestProcessMetricsHaveTheUsualNames(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	for _, f := range families {
		theirs[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	for _, f := range processFamilies() {
		if kind, known := theirs[f.name]; !known || kind != f.kind {
			t.Errorf("%s is a %s; the client's is %q", f.name, f.kind, kind)
		}
	}
}
