package supervisor

import (
	"context"
	"sync/atomic"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"mcp-server/internal/pluginv1"
)

// maxMisses signs of life may be missed in a row before a process counts as hung.
const maxMisses = 2

// mind watches over a process whose calls wait; p.mu is held. There is one timer, however many calls there are, and none
// while nobody waits.
func (p *Plugin) mind(proc *process) {
	if proc.minded {
		return
	}
	proc.minded = true
	if proc.minder == nil {
		proc.minder = time.AfterFunc(p.sup.cfg.HealthInterval, func() { p.look(proc) })
		return
	}
	proc.minder.Reset(p.sup.cfg.HealthInterval)
}

// look asks a process for a sign of life if its calls wait and it has been silent.
func (p *Plugin) look(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if proc.calls == 0 || isClosed(proc.child.dead) {
		proc.minded = false
		return
	}
	if time.Since(time.Unix(0, proc.heard.Load())) < p.sup.cfg.HealthInterval {
		proc.minder.Reset(p.sup.cfg.HealthInterval)
		return
	}
	p.background(func() {
		if !p.alive(proc, maxMisses) {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		proc.minder.Reset(p.sup.cfg.HealthInterval)
	})
}

// alive asks the process for a sign of life, and kills it if it misses so many.
func (p *Plugin) alive(proc *process, misses int) bool {
	for range misses {
		if p.within(proc.healthy) {
			return true
		}
	}
	p.logger.Warn("the plugin gives no sign of life and is killed", "waited", maxMisses*p.sup.cfg.HealthTimeout)
	proc.hung.Store(true)
	proc.child.kill()
	return false
}

// within asks for a sign of life with the time that it may take.
func (p *Plugin) within(ask func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), p.sup.cfg.HealthTimeout)
	defer cancel()
	return ask(ctx)
}

// healthy asks the plugin for a sign of life. go-plugin's own Ping has no deadline.
func (p *process) healthy(ctx context.Context) bool {
	_, err := grpc_health_v1.NewHealthClient(p.link.conn).
		Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	return err == nil || ctx.Err() == nil // any answer is a sign of life
}

// stopTimers ends the looks at a process that has ended; Plugin.mu is held.
func (p *process) stopTimers() {
	for _, t := range []*time.Timer{p.idle, p.minder, p.grace} {
		if t != nil {
			t.Stop()
		}
	}
}

// hearing is a connection that notes when the plugin was heard last.
type hearing struct {
	pluginv1.ToolPluginClient
	heard *atomic.Int64
}

// Call begins a call whose events are noted.
func (h hearing) Call(ctx context.Context, options ...grpc.CallOption) (pluginv1.ToolPlugin_CallClient, error) {
	stream, err := h.ToolPluginClient.Call(ctx, options...)
	if err != nil {
		return nil, err
	}
	return heardStream{stream, h.heard}, nil
}

type heardStream struct {
	pluginv1.ToolPlugin_CallClient
	heard *atomic.Int64
}

// Recv returns the next event.
func (s heardStream) Recv() (*pluginv1.CallEvent, error) {
	event, err := s.ToolPlugin_CallClient.Recv()
	if err == nil {
		s.heard.Store(time.Now().UnixNano())
	}
	return event, err
}
