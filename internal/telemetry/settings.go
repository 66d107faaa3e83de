package telemetry

import (
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// settings are what the OTEL variables say, by the OpenTelemetry specification: an empty value is none, and one that
// cannot be followed is left out with a warning.
type settings struct {
	lookup                      func(string) (string, bool)
	logger                      *slog.Logger
	traces, metrics, prometheus bool
}

// The signals as they stand in the variables' names.
const (
	traces  = "TRACES"
	metrics = "METRICS"
)

func readSettings(o Options) settings {
	s := settings{lookup: o.LookupEnv, logger: o.Logger}
	if strings.EqualFold(s.env("OTEL_SDK_DISABLED"), "true") {
		return s
	}
	s.prometheus = o.Prometheus
	for _, name := range s.exporters(traces) {
		switch name {
		case "otlp":
			s.traces = s.speaks(traces)
		default:
			s.refuse("OTEL_TRACES_EXPORTER", name)
		}
	}
	for _, name := range s.exporters(metrics) {
		switch name {
		case "otlp":
			s.metrics = s.speaks(metrics)
		case "prometheus":
			s.prometheus = true
		default:
			s.refuse("OTEL_METRICS_EXPORTER", name)
		}
	}
	return s
}

func (s settings) env(name string) string {
	if s.lookup == nil {
		return ""
	}
	value, _ := s.lookup(name)
	return strings.TrimSpace(value)
}

// otlp returns the variable of one signal, or else the one of all: OTEL_EXPORTER_OTLP_TRACES_X before OTEL_EXPORTER_OTLP_X.
func (s settings) otlp(signal, key string) string {
	if v := s.env("OTEL_EXPORTER_OTLP_" + signal + "_" + key); v != "" {
		return v
	}
	return s.env("OTEL_EXPORTER_OTLP_" + key)
}

// exporters are the names that a signal's variable lists. The specification's default, otlp, holds only where an
// endpoint is set: a server that was told nothing sends nothing.
func (s settings) exporters(signal string) []string {
	list := s.env("OTEL_" + signal + "_EXPORTER")
	if list == "" && s.otlp(signal, "ENDPOINT") != "" {
		list = "otlp"
	}
	var names []string
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		if name = strings.TrimSpace(name); name != "" && name != "none" {
			names = append(names, name)
		}
	}
	return names
}

func (s settings) refuse(variable, name string) {
	advice := "set it to otlp or none"
	if name == "console" || name == "logging" {
		advice = "standard output carries MCP; " + advice
	}
	s.logger.Warn("an exporter of telemetry is left out", "variable", variable, "exporter", cleaned(name, 64), "advice", advice)
}

// speaks reports whether the signal's protocol and endpoint are ones that this server can use.
func (s settings) speaks(signal string) bool {
	if protocol := s.otlp(signal, "PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		s.logger.Warn("telemetry is not exported: only the protocol http/protobuf is spoken", "signal", strings.ToLower(signal),
			"protocol", cleaned(protocol, 64), "advice", "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf; collectors listen for it on port 4318")
		return false
	}
	u, err := url.Parse(s.endpoint(signal))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		s.logger.Warn("telemetry is not exported: the endpoint is not an http or https URL", "signal", strings.ToLower(signal),
			"advice", "write OTEL_EXPORTER_OTLP_ENDPOINT as http://host:4318")
		return false
	}
	return true
}

// endpoint is the whole URL of a signal: its own variable as it is, the one of all with the signal's path.
func (s settings) endpoint(signal string) string {
	if v := s.env("OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT"); v != "" {
		return v
	}
	base := s.env("OTEL_EXPORTER_OTLP_ENDPOINT")
	if base == "" {
		base = "http://localhost:4318"
	}
	return strings.TrimSuffix(base, "/") + "/v1/" + strings.ToLower(signal)
}

// timeout is how long one export may take.
func (s settings) timeout(signal string) time.Duration {
	milliseconds, err := strconv.Atoi(s.otlp(signal, "TIMEOUT"))
	if err != nil || milliseconds <= 0 {
		return 10 * time.Second
	}
	return time.Duration(milliseconds) * time.Millisecond
}

func (s settings) headers(signal string) map[string]string {
	return s.pairs("OTEL_EXPORTER_OTLP_HEADERS", s.otlp(signal, "HEADERS"))
}

// pairs reads key=value lists, comma-separated and percent-encoded. A warning names the variable and never the value,
// which may be a secret.
func (s settings) pairs(variable, list string) map[string]string {
	read := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if key = strings.TrimSpace(key); !found || key == "" || err != nil {
			s.logger.Warn("a part of an OTEL variable is left out: it is not key=value", "variable", variable)
			continue
		}
		read[key] = value
	}
	return read
}
