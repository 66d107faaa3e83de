package telemetry

import (
	"cmp"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// maxScrapes is how many are answered at a time.
const maxScrapes = 4

// scrapes answers with the metrics in Prometheus's text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/), and those of the Go runtime and of the process. The names
// are made as OpenTelemetry's exporter for Prometheus makes them, and a test compares every line with what it writes: linking that exporter
// would be a quarter of every start of a server, most of which nobody scrapes (docs/adr/0012).
func scrapes() (sdkmetric.Reader, http.Handler) {
	reader := sdkmetric.NewManualReader()
	turns := make(chan struct{}, maxScrapes)
	return reader, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
		default:
			http.Error(w, "too many scrapes at once; try again in a second", http.StatusServiceUnavailable)
			return
		}
		var all metricdata.ResourceMetrics
		if err := reader.Collect(r.Context(), &all); err != nil {
			http.Error(w, "the metrics cannot be read now", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = io.WriteString(w, exposition(append(familiesOf(all), processFamilies()...))) // a scraper that is gone needs no answer
	})
}

// family is a metric with all its series.
type family struct {
	name, kind, help string
	series           []series
}

// series is one line of a family, behind whose name a suffix may stand: name_suffix{labels} value.
type series struct {
	suffix string
	labels []string // each as key="value"
	value  float64
}

// familiesOf turns what was collected into families, target_info among them.
func familiesOf(all metricdata.ResourceMetrics) []family {
	families := []family{{
		name: "target_info", kind: "gauge", help: "Target metadata", series: []series{{labels: labelsOf(*all.Resource.Set()), value: 1}},
	}}
	for _, scoped := range all.ScopeMetrics {
		for _, m := range scoped.Metrics {
			if f, known := familyOf(m); known {
				families = append(families, f)
			}
		}
	}
	return families
}

// familyOf knows the kinds of instruments that this package makes.
func familyOf(m metricdata.Metrics) (family, bool) {
	f := family{name: strings.ReplaceAll(m.Name, ".", "_"), kind: "gauge", help: m.Description}
	if suffix := map[string]string{"s": "_seconds", "By": "_bytes"}[m.Unit]; !strings.HasSuffix(f.name, suffix) {
		f.name += suffix
	}
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		f.add(data.DataPoints)
	case metricdata.Sum[int64]:
		if data.IsMonotonic {
			f.name, f.kind = f.name+"_total", "counter"
		}
		f.add(data.DataPoints)
	case metricdata.Histogram[float64]:
		f.kind = "histogram"
		for _, p := range data.DataPoints {
			f.series = append(f.series, buckets(p)...)
		}
	default:
		return family{}, false
	}
	return f, true
}

func (f *family) add(points []metricdata.DataPoint[int64]) {
	for _, p := range points {
		f.series = append(f.series, series{labels: labelsOf(p.Attributes), value: float64(p.Value)})
	}
}

func buckets(p metricdata.HistogramDataPoint[float64]) []series {
	labels := labelsOf(p.Attributes)
	var all []series
	sum := uint64(0)
	for n, count := range p.BucketCounts {
		sum += count
		bound := math.Inf(1)
		if n < len(p.Bounds) {
			bound = p.Bounds[n]
		}
		all = append(all, series{"_bucket", append(slices.Clone(labels), `le="`+number(bound)+`"`), float64(sum)})
	}
	return append(all, series{"_sum", labels, p.Sum}, series{"_count", labels, float64(p.Count)})
}

// labelsOf are sorted by their names, in which each dot becomes an underscore.
func labelsOf(set attribute.Set) []string {
	values := map[string]string{}
	for _, a := range set.ToSlice() {
		values[strings.ReplaceAll(string(a.Key), ".", "_")] = a.Value.String()
	}
	labels := make([]string, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		labels = append(labels, key+`="`+escape(values[key], `"`, `\"`)+`"`)
	}
	return labels
}

func escape(text string, more ...string) string {
	return strings.NewReplacer(append([]string{`\`, `\\`, "\n", `\n`}, more...)...).Replace(text)
}

// exposition writes the families sorted by name, and those without a series not at all.
func exposition(families []family) string {
	slices.SortFunc(families, func(a, b family) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, f := range families {
		if len(f.series) == 0 {
			continue
		}
		b.WriteString("# HELP " + f.name + " " + escape(f.help) + "\n# TYPE " + f.name + " " + f.kind + "\n")
		slices.SortStableFunc(f.series, func(a, b series) int { return cmp.Compare(a.key(), b.key()) })
		for _, s := range f.series {
			b.WriteString(f.name + s.suffix)
			if len(s.labels) > 0 {
				b.WriteString("{" + strings.Join(s.labels, ",") + "}")
			}
			b.WriteString(" " + number(s.value) + "\n")
		}
	}
	return b.String()
}

// key keeps the lines of one histogram together, in the order in which they were made.
func (s series) key() string {
	labels := s.labels
	if s.suffix == "_bucket" {
		labels = labels[:len(labels)-1]
	}
	return strings.Join(labels, ",")
}

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
