package telemetry

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const (
	// maxChildren bounds the spans of one call; what comes after them is counted, not recorded.
	maxChildren = 1000
	// maxAttributes bounds the attributes of one child.
	maxAttributes = 32
	// maxAttribute bounds one value, in bytes.
	maxAttribute = 256
)

// ChildSpan is something that a plugin did during a call and reports afterwards.
type ChildSpan struct {
	// Name is short and has no ids in it: "tool" for the plugin's part of the call, "GET /v1/{id}" for a request.
	Name string
	// SpanID is the span's own id, 16 hex digits, where the plugin has already used it, as towards the cloud or as a
	// parent; empty for a new one. ParentID is that of another span of the same call, which may be reported later; empty for
	// the call itself.
	SpanID, ParentID string
	Start, End       time.Time
	// Attributes are by the semantic conventions. With http.request.method the span is a request to a cloud, and is
	// counted by method, server.address and http.response.status_code as well.
	Attributes map[string]string
	// Error is empty when it succeeded, and a short kind of failure else, as timeout.
	Error string
}

// Child records a span below the call. Everything in it is the plugin's word: it is cleaned, cut and bounded.
func (s *CallSpan) Child(c ChildSpan) {
	if s == nil || s.telemetry == nil {
		return
	}
	request := c.Attributes[string(attrMethod)] != ""
	took := min(max(0, c.End.Sub(c.Start)), maxDuration)
	if request {
		s.countRequest(c, took)
	}
	if !s.context.IsSampled() || s.children.Add(1) > maxChildren {
		return
	}
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	kind := trace.SpanKindInternal
	if request {
		kind = trace.SpanKindClient
	}
	ctx := trace.ContextWithSpanContext(context.Background(), s.parent(c.ParentID))
	ctx = s.withSpanID(ctx, c.SpanID)
	_, span := s.telemetry.tracer.Start(ctx, cleaned(c.Name, 128), trace.WithTimestamp(c.Start), trace.WithSpanKind(kind),
		trace.WithAttributes(append(safe(c.Attributes), attrPlugin.String(s.plugin))...))
	if c.Error != "" {
		span.SetAttributes(attrErrorType.String(s.telemetry.labels.codes.of(c.Error)))
		span.SetStatus(codes.Error, cleaned(c.Error, maxAttribute))
	}
	span.End(trace.WithTimestamp(c.Start.Add(took)))
}

func (s *CallSpan) countRequest(c ChildSpan, took time.Duration) {
	attributes := []attribute.KeyValue{
		attrMethod.String(method(c.Attributes[string(attrMethod)])), attrPlugin.String(s.plugin),
		attrHost.String(s.telemetry.labels.hosts.of(strings.ToLower(c.Attributes[string(attrHost)]))),
	}
	code, _ := strconv.Atoi(c.Attributes[string(attrStatus)])
	if code = status(code); code > 0 {
		attributes = append(attributes, attrStatus.Int(code))
	}
	switch {
	case c.Error != "":
		attributes = append(attributes, attrErrorType.String(s.telemetry.labels.codes.of(c.Error)))
	case code >= 400:
		attributes = append(attributes, attrErrorType.String(strconv.Itoa(code)))
	}
	s.telemetry.metrics.cloudDuration.Record(context.Background(), took.Seconds(), metric.WithAttributes(attributes...))
}

// parent is a span of this call's trace, whatever the plugin says.
func (s *CallSpan) parent(id string) trace.SpanContext {
	if parsed, err := trace.SpanIDFromHex(id); err == nil {
		return s.context.WithSpanID(parsed)
	}
	return s.context
}

// numbers are the attributes that the conventions have as numbers.
var numbers = []string{"http.response.status_code", "http.request.resend_count", "server.port", "http.response.body.size", "http.request.body.size"}

// safe returns the attributes that may be recorded. Headers and queries are not among them: they hold tokens and signatures.
func safe(reported map[string]string) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, min(len(reported), maxAttributes))
	for name, value := range reported {
		if len(attributes) == maxAttributes-1 { // one place is the plugin's name
			break
		}
		if !key().MatchString(name) || strings.Contains(name, ".header.") || name == "url.query" || strings.HasPrefix(name, "mcp_server.") {
			continue
		}
		attributes = append(attributes, typed(name, value))
	}
	return attributes
}

func typed(name, value string) attribute.KeyValue {
	for _, n := range numbers {
		if n != name {
			continue
		}
		if number, err := strconv.ParseInt(value, 10, 64); err == nil {
			return attribute.Int64(name, number)
		}
	}
	return attribute.String(name, cleaned(value, maxAttribute))
}

type spanIDKey struct{}

// withSpanID makes the next span in the context take the id, if it is one and not the call's own.
func (s *CallSpan) withSpanID(ctx context.Context, id string) context.Context {
	parsed, err := trace.SpanIDFromHex(id)
	if err != nil || parsed == s.context.SpanID() {
		return ctx
	}
	return context.WithValue(ctx, spanIDKey{}, parsed)
}

// identities makes random ids, except where a plugin has made one before.
type identities struct{}

// NewIDs returns the ids of a new trace's first span.
func (i identities) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	var id trace.TraceID
	for !id.IsValid() {
		for n := range id {
			id[n] = byte(rand.Uint32())
		}
	}
	return id, i.NewSpanID(ctx, id)
}

// NewSpanID returns the id of one more span.
func (identities) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if id, ok := ctx.Value(spanIDKey{}).(trace.SpanID); ok {
		return id
	}
	var id trace.SpanID
	for !id.IsValid() {
		for n := range id {
			id[n] = byte(rand.Uint32())
		}
	}
	return id
}
