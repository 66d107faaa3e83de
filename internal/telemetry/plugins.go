package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/metric"
)

// PluginState is how many processes of a plugin are in a state now.
type PluginState struct {
	Plugin string
	// State is one of a few words: idle, starting, running, broken, refused.
	State     string
	Processes int
}

// ObservePlugins has the states of plugins read whenever metrics are. It is called once.
func (t *Telemetry) ObservePlugins(states func() []PluginState) error {
	if t == nil {
		return nil
	}
	_, err := t.meter.Int64ObservableGauge("mcp_server.plugin.processes", metric.WithUnit("{process}"),
		metric.WithDescription("Plugins by what their processes do now; one for each profile of credentials that called."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for _, s := range states() {
				o.Observe(int64(s.Processes), metric.WithAttributes(
					attrPlugin.String(t.labels.plugins.of(s.Plugin)), attrState.String(t.labels.states.of(s.State))))
			}
			return nil
		}))
	return err
}
