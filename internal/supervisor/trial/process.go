package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mcp-server/internal/pluginv1"
)

// hostEnvironment tells a process that a host started it. Beside it there are only its folder, the search path and the way out.
func hostEnvironment() []string {
	return []string{
		pluginv1.CookieKey + "=" + pluginv1.CookieValue, pluginv1.StdinWatchKey + "=1",
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", pluginv1.ProtocolVersion),
	}
}

// come starts a process and connects to it.
func (t *trial) come(ctx context.Context) (*instance, error) {
	t.discard()
	p, err := t.launch(hostEnvironment())
	if err != nil {
		return nil, fmt.Errorf("starting it: %w", err)
	}
	if err := p.shake(ctx, t.limits.start); err != nil {
		p.end()
		return nil, err
	}
	t.plugin = p
	return p, nil
}

// running returns a process that is ready for calls; it starts one when none is.
func (t *trial) running(ctx context.Context) (*instance, error) {
	if t.plugin != nil && !t.plugin.isDead() {
		return t.plugin, nil
	}
	return t.fresh(ctx)
}

// fresh ends the process and starts another, with what it declares of the environment.
func (t *trial) fresh(ctx context.Context) (*instance, error) {
	p, err := t.come(ctx)
	if err != nil {
		return nil, fmt.Errorf("starting it once more: %w", err)
	}
	return p, t.handConfiguration(ctx, p)
}

// handConfiguration hands over what the plugin declares of the environment.
func (t *trial) handConfiguration(ctx context.Context, p *instance) error {
	values := map[string]string{}
	for _, v := range t.manifest.Permissions.Environment {
		if value, given := t.Environment[v.Name]; given {
			values[v.Name] = value
		}
	}
	if _, err := p.client.Configure(ctx, &pluginv1.ConfigureRequest{Environment: values}); err != nil {
		return fmt.Errorf("configuring it: %w", p.explain(ctx, err))
	}
	return nil
}

// discard ends the process, if there is one, and remembers what was seen of it.
func (t *trial) discard() {
	p := t.plugin
	if p == nil {
		return
	}
	t.plugin = nil
	p.end()
	if t.noise == "" && p.stdout.line != "" {
		if _, size := p.stdout.after.since(0); size > 0 {
			t.noise = p.stdout.after.quote()
		}
	}
}

// measure notes how much memory the process has used.
func (t *trial) measure() {
	if t.plugin != nil && !t.plugin.isDead() {
		t.peak = max(t.peak, peakMemory(t.plugin.cmd))
	}
}

// lives makes sure that the process still does its work.
func (t *trial) lives(ctx context.Context, p *instance, after string) error {
	if p.isDead() {
		return p.describeEnd("after " + after)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.limits.sign, errors.New("it gives no sign of life"))
	defer cancel()
	if err := p.serving(ctx); err != nil {
		return fmt.Errorf("after %s: %w", after, err)
	}
	return nil
}

func (p *instance) isDead() bool { return isClosed(p.dead) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// await asks every few milliseconds whether something holds, until the limit.
func await(ctx context.Context, limit time.Duration, holds func() (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := holds(); done || err != nil {
			return done, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, nil
		}
	}
}
