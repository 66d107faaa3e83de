package telemetry

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// traceExporter does not connect yet; a collector may come later.
func (s settings) traceExporter(ctx context.Context) (trace.SpanExporter, error) {
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(s.endpoint(traces)),
		otlptracehttp.WithHeaders(s.headers(traces)),
		otlptracehttp.WithTimeout(s.timeout(traces)),
	}
	if s.otlp(traces, "COMPRESSION") == "gzip" {
		options = append(options, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing the export of traces: %w", err)
	}
	return exporter, nil
}

func (s settings) metricExporter(ctx context.Context) (metric.Exporter, error) {
	options := []otlpmetrichttp.Option{
		otlpmetrichttp.WithEndpointURL(s.endpoint(metrics)),
		otlpmetrichttp.WithHeaders(s.headers(metrics)),
		otlpmetrichttp.WithTimeout(s.timeout(metrics)),
	}
	if s.otlp(metrics, "COMPRESSION") == "gzip" {
		options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	}
	exporter, err := otlpmetrichttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing the export of metrics: %w", err)
	}
	return exporter, nil
}

// resource describes this process: OTEL_SERVICE_NAME before OTEL_RESOURCE_ATTRIBUTES before our own names.
func (s settings) resource(version string) *resource.Resource {
	about := map[string]string{"service.name": "mcp-server", "service.version": version}
	for key, value := range s.pairs("OTEL_RESOURCE_ATTRIBUTES", s.env("OTEL_RESOURCE_ATTRIBUTES")) {
		about[key] = value
	}
	if name := s.env("OTEL_SERVICE_NAME"); name != "" {
		about["service.name"] = name
	}
	attributes := make([]attribute.KeyValue, 0, len(about)+2)
	for key, value := range about {
		if value != "" {
			attributes = append(attributes, attribute.String(key, value))
		}
	}
	attributes = append(attributes, attribute.String("telemetry.sdk.name", "opentelemetry"), attribute.String("telemetry.sdk.language", "go"))
	return resource.NewSchemaless(attributes...)
}

// sampler reads OTEL_TRACES_SAMPLER; without it a call is recorded unless its client decided not to record the trace.
func (s settings) sampler() trace.Sampler {
	name := strings.ToLower(s.env("OTEL_TRACES_SAMPLER"))
	switch name {
	case "always_on":
		return trace.AlwaysSample()
	case "always_off":
		return trace.NeverSample()
	case "traceidratio":
		return trace.TraceIDRatioBased(s.ratio())
	case "parentbased_always_off":
		return trace.ParentBased(trace.NeverSample())
	case "parentbased_traceidratio":
		return trace.ParentBased(trace.TraceIDRatioBased(s.ratio()))
	case "", "parentbased_always_on":
	default:
		s.logger.Warn("OTEL_TRACES_SAMPLER is not one that is known; parentbased_always_on is used", "sampler", cleaned(name, 64))
	}
	return trace.ParentBased(trace.AlwaysSample())
}

func (s settings) ratio() float64 {
	text := s.env("OTEL_TRACES_SAMPLER_ARG")
	if text == "" {
		return 1
	}
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil || !(ratio >= 0 && ratio <= 1) {
		s.logger.Warn("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is used")
		return 1
	}
	return ratio
}
