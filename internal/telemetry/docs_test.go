package telemetry

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDocs keeps the table of metrics in docs/observability.md true: every name, its kind and labels, and what Prometheus sees.
func TestDocs(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ Prometheus, Kind, Labels string }
	documented := map[string]row{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| `([a-z_]+)` \\| ([a-z]+) \\| (.*) \\|$").FindAllStringSubmatch(string(content), -1) {
		documented[m[1]] = row{m[2], m[3], strings.ReplaceAll(m[4], "`", "")}
	}
	k := newKit(t, Options{Prometheus: true})
	record(t, k)
	w := httptest.NewRecorder()
	k.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	found := map[string]row{}
	for point := range k.points(t) {
		name, labels, _ := strings.Cut(strings.TrimSuffix(point, "}"), "{")
		all := strings.Split(found[name].Labels, ", ")
		for pair := range strings.SplitSeq(labels, ",") {
			key, _, _ := strings.Cut(pair, "=")
			all = append(all, key)
		}
		slices.Sort(all)
		all = slices.DeleteFunc(slices.Compact(all), func(key string) bool { return key == "" })
		scraped := documented[name].Prometheus
		kind := regexp.MustCompile(`(?m)^# TYPE ` + scraped + ` ([a-z]+)$`).FindStringSubmatch(w.Body.String())
		if scraped == "" || kind == nil {
			t.Errorf("Prometheus does not see %s as %q", name, scraped)
			continue
		}
		found[name] = row{scraped, kind[1], strings.Join(all, ", ")}
	}
	if diff := cmp.Diff(documented, found); diff != "" {
		t.Errorf("docs/observability.md (-) is not what there is (+): %s", diff)
	}
}

// record has every metric with every label.
func record(t *testing.T, k kit) {
	t.Helper()
	_, call := k.StartCall(t.Context(), Call{Tool: "x", Plugin: "p"})
	call.Child(ChildSpan{Attributes: map[string]string{"http.request.method": "GET", "server.address": "h", "http.response.status_code": "500"}})
	call.End(Outcome{Code: "internal", Artifacts: 1, Bytes: 1})
	k.PluginStarted("p")
	k.PluginCrashed("p")
	k.CallReplayed("p")
	k.PluginBroken("p")
	if err := k.ObservePlugins(func() []PluginState { return []PluginState{{Plugin: "p", State: "broken", Processes: 1}} }); err != nil {
		t.Error(err)
	}
	k.Refused("rate")
	k.Egress(Egress{Plugin: "p", Rule: "*.example.com", Sent: 1, Received: 2})
	k.Egress(Egress{Plugin: "p", Failure: "undeclared"})
	k.HTTPRequest(HTTPRequest{Method: "POST", Route: "/mcp", Status: 200, Duration: time.Second})
}
