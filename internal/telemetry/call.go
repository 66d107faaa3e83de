package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Call is what is known of a call when it begins.
type Call struct {
	// ID is the host's own id of the call; on spans only, never a label.
	ID string
	// Tool is the tool's name and Plugin its plugin's. A call whose plugin is empty asked for a tool that is not there,
	// and is counted under the tool "other".
	Tool, Plugin string
	// Caller is the caller's name, used only with [Options.Callers].
	Caller string
	// TraceParent and TraceState are the client's W3C trace context, from the request's _meta (SEP-414); empty when it sent none.
	TraceParent, TraceState string
	// Transport is stdio or http; ProtocolVersion is MCP's. Both may be empty.
	Transport, ProtocolVersion string
}

// Outcome is how a call ended.
type Outcome struct {
	// Code and Source are those of the sdk.Error; both empty when the call succeeded.
	Code, Source string
	// Artifacts is how many files the call stored, and Bytes how large they are together.
	Bytes     int64
	Artifacts int
}

// CallSpan is one running call. A nil one is valid and does nothing.
type CallSpan struct {
	telemetry           *Telemetry
	span                trace.Span
	context             trace.SpanContext
	tool, plugin        string
	caller              []attribute.KeyValue
	begin               time.Time
	children            atomic.Int64
	ended               atomic.Bool
	passedOn, passState string // what the client sent, where nothing is recorded here
}

// StartCall begins the span of a call and counts it as running. The context it returns carries the span. With a nil
// Telemetry the client's trace context is only passed on.
func (t *Telemetry) StartCall(ctx context.Context, c Call) (context.Context, *CallSpan) {
	carrier := propagation.MapCarrier{"traceparent": c.TraceParent, "tracestate": c.TraceState}
	remote := trace.SpanContext{}
	if c.TraceParent != "" {
		remote = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
	}
	s := &CallSpan{telemetry: t, begin: time.Now()}
	if remote.IsValid() {
		s.passedOn, s.passState = c.TraceParent, remote.TraceState().String()
	}
	if t == nil {
		return ctx, s
	}
	s.tool, s.plugin = other, other
	if c.Plugin != "" {
		s.tool, s.plugin = t.labels.tools.of(c.Tool), t.labels.plugins.of(c.Plugin)
	}
	if t.callers && c.Caller != "" {
		s.caller = []attribute.KeyValue{attrCaller.String(t.labels.callers.of(c.Caller))}
	}
	ctx = s.start(ctx, c, remote)
	t.metrics.running.Add(ctx, 1, metric.WithAttributes(attrPlugin.String(s.plugin)))
	return ctx, s
}

func (s *CallSpan) start(ctx context.Context, c Call, remote trace.SpanContext) context.Context {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(s.begin), trace.WithAttributes(s.about(c)...)}
	if remote.IsValid() {
		// The client's request in MCP is the parent; the HTTP request that carried it, if there is one, is only related.
		if carrying := trace.SpanContextFromContext(ctx); carrying.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: carrying}))
		}
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote)
	}
	name := "tools/call"
	if s.tool != other {
		name += " " + s.tool
	}
	ctx, s.span = s.telemetry.tracer.Start(ctx, name, options...)
	s.context = s.span.SpanContext()
	return ctx
}

func (s *CallSpan) about(c Call) []attribute.KeyValue {
	attributes := append([]attribute.KeyValue{
		attrMCPMethod.String("tools/call"), attrOperation.String("execute_tool"),
		attrTool.String(s.tool), attrPlugin.String(s.plugin), attrCallID.String(cleaned(c.ID, 128)),
	}, s.caller...)
	switch c.Transport {
	case "stdio":
		attributes = append(attributes, attrNetwork.String("pipe"))
	case "http":
		attributes = append(attributes, attrNetwork.String("tcp"))
	}
	if c.ProtocolVersion != "" {
		attributes = append(attributes, attrMCPVersion.String(cleaned(c.ProtocolVersion, 32)))
	}
	return attributes
}

// TraceParent is the W3C traceparent to hand to the plugin: this call's, or the client's own where no traces are
// recorded here. It is empty when there is neither.
func (s *CallSpan) TraceParent() string {
	if s == nil {
		return ""
	}
	if !s.context.IsValid() {
		return s.passedOn
	}
	return s.inject().Get("traceparent")
}

// TraceState is the W3C tracestate that belongs to [CallSpan.TraceParent].
func (s *CallSpan) TraceState() string {
	if s == nil {
		return ""
	}
	if !s.context.IsValid() {
		return s.passState
	}
	return s.inject().Get("tracestate")
}

func (s *CallSpan) inject() propagation.MapCarrier {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), s.context), carrier)
	return carrier
}

// End ends the call; only the first counts.
func (s *CallSpan) End(o Outcome) {
	if s == nil || s.telemetry == nil || s.ended.Swap(true) {
		return
	}
	took := time.Since(s.begin)
	ctx := trace.ContextWithSpan(context.Background(), s.span) // for exemplars; the call's own context may have ended
	code := "ok"
	operation := []attribute.KeyValue{attrMCPMethod.String("tools/call"), attrOperation.String("execute_tool"), attrTool.String(s.tool)}
	if o.Code != "" {
		code = s.telemetry.labels.codes.of(o.Code)
		operation = append(operation, attrErrorType.String("tool_error"))
		s.span.SetAttributes(attrErrorType.String("tool_error"), attrSource.String(cleaned(o.Source, 32)))
		s.span.SetStatus(codes.Error, code)
	}
	s.span.SetAttributes(attrCode.String(code))
	m, plugin := s.telemetry.metrics, attrPlugin.String(s.plugin)
	m.running.Add(ctx, -1, metric.WithAttributes(plugin))
	m.calls.Add(ctx, 1, metric.WithAttributes(append(s.caller, attrTool.String(s.tool), plugin, attrCode.String(code))...))
	m.callDuration.Record(ctx, took.Seconds(), metric.WithAttributes(operation...))
	if o.Artifacts > 0 {
		m.artifacts.Add(ctx, int64(o.Artifacts), metric.WithAttributes(plugin))
		m.artifactBytes.Add(ctx, max(0, o.Bytes), metric.WithAttributes(plugin))
		s.span.SetAttributes(attribute.Int("mcp_server.artifacts", o.Artifacts), attribute.Int64("mcp_server.artifact.size", o.Bytes))
	}
	s.span.End()
}
