package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The server's own attributes, beside those of the semantic conventions.
const (
	attrCallID = attribute.Key("mcp_server.call.id")
	attrPlugin = attribute.Key("mcp_server.plugin")
	attrCaller = attribute.Key("mcp_server.caller")
	attrCode   = attribute.Key("mcp_server.code")
	attrSource = attribute.Key("mcp_server.source")
	attrReason = attribute.Key("mcp_server.reason")
	attrState  = attribute.Key("mcp_server.state")
	attrRule   = attribute.Key("mcp_server.rule")
)

// Attributes of the semantic conventions: MCP and GenAI (in development, October 2026), HTTP (stable).
const (
	attrMCPMethod  = attribute.Key("mcp.method.name")
	attrMCPVersion = attribute.Key("mcp.protocol.version")
	attrOperation  = attribute.Key("gen_ai.operation.name")
	attrTool       = attribute.Key("gen_ai.tool.name")
	attrErrorType  = attribute.Key("error.type")
	attrNetwork    = attribute.Key("network.transport")
	attrMethod     = attribute.Key("http.request.method")
	attrRoute      = attribute.Key("http.route")
	attrStatus     = attribute.Key("http.response.status_code")
	attrHost       = attribute.Key("server.address")
	attrDirection  = attribute.Key("network.io.direction")
)

// maxDuration bounds what a plugin may say that a request took.
const maxDuration = 24 * time.Hour

// instruments are the metrics; docs/observability.md lists them with their labels.
type instruments struct {
	calls, artifacts, artifactBytes, pluginStarts, pluginCrashes, refused metric.Int64Counter
	replays, breaks                                                       metric.Int64Counter
	egress, egressBytes, egressFailures                                   metric.Int64Counter
	running                                                               metric.Int64UpDownCounter
	callDuration, httpDuration, cloudDuration                             metric.Float64Histogram
}

func newInstruments(m metric.Meter) (*instruments, error) {
	var all error
	counter := func(name, unit, about string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(about))
		all = errors.Join(all, err)
		return c
	}
	seconds := func(name, about string, bounds ...float64) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(about), metric.WithExplicitBucketBoundaries(bounds...))
		all = errors.Join(all, err)
		return h
	}
	http := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	i := &instruments{
		calls:          counter("mcp_server.calls", "{call}", "Calls of tools that ended."),
		artifacts:      counter("mcp_server.artifacts", "{artifact}", "Artifacts that calls stored."),
		artifactBytes:  counter("mcp_server.artifact.size", "By", "Bytes of the artifacts that calls stored."),
		pluginStarts:   counter("mcp_server.plugin.starts", "{start}", "Plugin processes that were started."),
		pluginCrashes:  counter("mcp_server.plugin.crashes", "{crash}", "Plugin processes that ended by themselves."),
		replays:        counter("mcp_server.plugin.replays", "{call}", "Calls that were sent a second time, because the plugin's process ended."),
		breaks:         counter("mcp_server.plugin.breaks", "{break}", "Times that a plugin failed too often in a row and is not started for a while."),
		refused:        counter("mcp_server.refused", "{request}", "Requests and connections that were turned away."),
		egress:         counter("mcp_server.egress.connections", "{connection}", "Connections of plugins through the server's proxy that ended."),
		egressBytes:    counter("mcp_server.egress.size", "By", "Bytes that plugins sent and received through the server's proxy."),
		egressFailures: counter("mcp_server.egress.failures", "{connection}", "Connections of plugins that the server's proxy refused or could not make."),
		callDuration: seconds("mcp.server.operation.duration", "How long calls of tools took.",
			0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300),
		httpDuration:  seconds("http.server.request.duration", "How long requests to this server took.", http...),
		cloudDuration: seconds("http.client.request.duration", "How long plugins' requests to clouds took, as they say.", append(http, 30, 60, 300)...),
	}
	running, err := m.Int64UpDownCounter("mcp_server.calls.running", metric.WithUnit("{call}"), metric.WithDescription("Calls of tools that run."))
	i.running = running
	return i, errors.Join(all, err)
}

// PluginStarted counts a start of a plugin's process, the first and every later one.
func (t *Telemetry) PluginStarted(plugin string) {
	if t != nil {
		t.metrics.pluginStarts.Add(context.Background(), 1, metric.WithAttributes(attrPlugin.String(t.labels.plugins.of(plugin))))
	}
}

// PluginCrashed counts an end of a plugin's process that nobody asked for.
func (t *Telemetry) PluginCrashed(plugin string) {
	if t != nil {
		t.metrics.pluginCrashes.Add(context.Background(), 1, metric.WithAttributes(attrPlugin.String(t.labels.plugins.of(plugin))))
	}
}

// CallReplayed counts a call that was sent a second time.
func (t *Telemetry) CallReplayed(plugin string) {
	if t != nil {
		t.metrics.replays.Add(context.Background(), 1, metric.WithAttributes(attrPlugin.String(t.labels.plugins.of(plugin))))
	}
}

// PluginBroken counts that a plugin failed too often in a row.
func (t *Telemetry) PluginBroken(plugin string) {
	if t != nil {
		t.metrics.breaks.Add(context.Background(), 1, metric.WithAttributes(attrPlugin.String(t.labels.plugins.of(plugin))))
	}
}

// HTTPRequest is one request that this server answered.
type HTTPRequest struct {
	Method string
	// Route is the pattern that matched, as /artifacts/{id}; never the path itself. Empty when nothing matched.
	Route    string
	Status   int
	Duration time.Duration
}

// HTTPRequest records a request that was answered.
func (t *Telemetry) HTTPRequest(r HTTPRequest) {
	if t == nil {
		return
	}
	attributes := []attribute.KeyValue{attrMethod.String(method(r.Method))}
	if r.Route != "" {
		attributes = append(attributes, attrRoute.String(t.labels.routes.of(r.Route)))
	}
	if code := status(r.Status); code > 0 {
		attributes = append(attributes, attrStatus.Int(code))
	}
	t.metrics.httpDuration.Record(context.Background(), r.Duration.Seconds(), metric.WithAttributes(attributes...))
}

// Refused counts a request, or a connection, that was turned away; the reason is one of a few words.
func (t *Telemetry) Refused(reason string) {
	if t != nil {
		t.metrics.refused.Add(context.Background(), 1, metric.WithAttributes(attrReason.String(t.labels.reasons.of(reason))))
	}
}
