package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// shutdownWait bounds the last export, so that a collector that is gone does not keep the server from stopping.
const shutdownWait = 3 * time.Second

// scope names this instrumentation in what is exported.
const scope = "mcp-server"

// Options say what Start looks at.
type Options struct {
	// Version is the server's, for service.version.
	Version string
	// LookupEnv reads the OTEL variables; nil is none of them. The paths of certificates, the limits of spans and the intervals of
	// batches are read by the OpenTelemetry SDK itself, from the process's own environment.
	LookupEnv func(name string) (value string, ok bool)
	// Logger takes warnings about variables and failed exports; nil is silence.
	Logger *slog.Logger
	// Prometheus asks for the metrics behind [Telemetry.Handler].
	Prometheus bool
	// Callers puts the names of callers on spans and on the metric of calls.
	Callers bool
}

// Telemetry records calls. A nil one is valid and does nothing.
type Telemetry struct {
	callers bool
	tracer  trace.Tracer
	meter   metric.Meter
	metrics *instruments
	labels  *labels
	handler http.Handler
	stops   []func(context.Context) error
}

// Start begins what the variables and the options ask for. It returns nil and no error when that is nothing. A variable
// that cannot be followed is a warning, not an error: a server does not stay down for its telemetry. Where something is on, it
// sets the process's one OpenTelemetry error handler and logger, so a process starts it once.
func Start(ctx context.Context, o Options) (*Telemetry, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := readSettings(o)
	if !s.traces && !s.metrics && !s.prometheus {
		return nil, nil
	}
	f := &failures{logger: o.Logger}
	otel.SetErrorHandler(f)
	otel.SetLogger(logr.New(sink{f}))
	var spans []sdktrace.TracerProviderOption
	var readers []sdkmetric.Reader
	if s.traces {
		exporter, err := s.traceExporter(ctx)
		if err != nil {
			return nil, err
		}
		spans = append(spans, sdktrace.WithBatcher(exporter))
	}
	if s.metrics {
		exporter, err := s.metricExporter(ctx)
		if err != nil {
			return nil, err
		}
		readers = append(readers, sdkmetric.NewPeriodicReader(exporter))
	}
	return assemble(o, s, spans, readers)
}

// assemble puts exporters together; tests hand in their own.
func assemble(o Options, s settings, spans []sdktrace.TracerProviderOption, readers []sdkmetric.Reader) (*Telemetry, error) {
	t := &Telemetry{callers: o.Callers, labels: newLabels(), tracer: tracenoop.NewTracerProvider().Tracer(scope)}
	about := s.resource(o.Version)
	if len(spans) > 0 {
		spans = append(spans, sdktrace.WithResource(about), sdktrace.WithSampler(s.sampler()), sdktrace.WithIDGenerator(identities{}))
		provider := sdktrace.NewTracerProvider(spans...)
		t.tracer = provider.Tracer(scope, trace.WithInstrumentationVersion(o.Version))
		t.stops = append(t.stops, provider.Shutdown)
	}
	if s.prometheus {
		reader, handler := scrapes()
		readers, t.handler = append(readers, reader), handler
	}
	var meters metric.MeterProvider = metricnoop.NewMeterProvider()
	if len(readers) > 0 {
		options := []sdkmetric.Option{sdkmetric.WithResource(about)}
		for _, r := range readers {
			options = append(options, sdkmetric.WithReader(r))
		}
		provider := sdkmetric.NewMeterProvider(options...)
		t.stops = append(t.stops, provider.Shutdown)
		meters = provider
	}
	var err error
	t.meter = meters.Meter(scope, metric.WithInstrumentationVersion(o.Version))
	t.metrics, err = newInstruments(t.meter)
	if err != nil {
		return nil, errors.Join(err, t.Shutdown(context.Background()))
	}
	return t, nil
}

// Handler answers GET /metrics in Prometheus's text format; with 404 when the metrics are not asked for.
func (t *Telemetry) Handler() http.Handler {
	if t == nil || t.handler == nil {
		return http.NotFoundHandler()
	}
	return t.handler
}

// Shutdown exports what is left, for at most three seconds, and ends. What is recorded afterwards is dropped.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownWait)
	defer cancel()
	errs := make(chan error, len(t.stops))
	for _, stop := range t.stops {
		go func() { errs <- stop(ctx) }()
	}
	var all error
	for range t.stops {
		select {
		case err := <-errs:
			all = errors.Join(all, err)
		case <-ctx.Done():
			return errors.Join(all, ctx.Err())
		}
	}
	return all
}
