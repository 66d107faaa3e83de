package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/metric"
)

// Egress is one connection of a plugin through the host's proxy, or one that was not made.
type Egress struct {
	Plugin string
	// Rule is the declared entry that allowed the host, such as *.example.com or $ENDPOINT; never a host as the plugin named it, since
	// a plugin can make up any number of them. Empty when nothing allowed it.
	Rule string
	// Failure is why the connection was not made, as one of a few words; empty when it was.
	Failure string
	// Sent and Received are bytes, seen from the plugin.
	Sent, Received int64
}

// Egress records a connection at its end.
func (t *Telemetry) Egress(e Egress) {
	if t == nil {
		return
	}
	ctx, plugin := context.Background(), attrPlugin.String(t.labels.plugins.of(e.Plugin))
	if e.Failure != "" {
		t.metrics.egressFailures.Add(ctx, 1, metric.WithAttributes(plugin, attrReason.String(t.labels.reasons.of(e.Failure))))
		return
	}
	rule := attrRule.String(t.labels.rules.of(e.Rule))
	t.metrics.egress.Add(ctx, 1, metric.WithAttributes(plugin, rule))
	t.metrics.egressBytes.Add(ctx, e.Sent, metric.WithAttributes(plugin, rule, attrDirection.String("transmit")))
	t.metrics.egressBytes.Add(ctx, e.Received, metric.WithAttributes(plugin, rule, attrDirection.String("receive")))
}
