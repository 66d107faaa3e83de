package supervisor

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
)

// abandoned is a call that nobody waits for any more. The plugin was told, and should have ended it by then.
type abandoned struct {
	call string
	by   time.Time
}

// abandon notes a call that was cancelled or ran out of time, to see later whether the plugin goes on with it.
func (p *Plugin) abandon(proc *process, call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || proc.leaving {
		return
	}
	grace := p.sup.cfg.CancelGrace
	proc.abandoned = append(proc.abandoned, abandoned{call: call, by: time.Now().Add(grace)})
	if proc.grace == nil {
		proc.grace = time.AfterFunc(grace, func() { p.reckon(proc) })
	} else if len(proc.abandoned) == 1 {
		proc.grace.Reset(grace)
	}
}

// reckon looks at the abandoned calls whose time is over, and replaces the process if it still runs one.
func (p *Plugin) reckon(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var due []string
	for len(proc.abandoned) > 0 && !proc.abandoned[0].by.After(time.Now()) {
		due = append(due, proc.abandoned[0].call)
		proc.abandoned = proc.abandoned[1:]
	}
	if len(proc.abandoned) > 0 {
		proc.grace.Reset(time.Until(proc.abandoned[0].by))
	}
	if proc.leaving || isClosed(proc.child.dead) {
		return
	}
	p.background(func() { p.replaceIfRunning(proc, due) })
}

// replaceIfRunning asks the plugin whether it still runs one of the calls. If so, the next call gets a fresh process, and this
// one is killed when its other calls have ended. A plugin that cannot tell must at least give a sign of life.
func (p *Plugin) replaceIfRunning(proc *process, calls []string) {
	var running []string
	misses := 0
	if !p.within(func(ctx context.Context) bool {
		answer, err := proc.link.Running(ctx, &pluginv1.RunningRequest{})
		running = answer.GetCallIds()
		if status.Code(err) == codes.Unimplemented {
			misses = maxMisses
		}
		return err == nil || ctx.Err() == nil
	}) {
		misses = maxMisses - 1 // this was the first
	}
	if misses > 0 {
		p.alive(proc, misses)
		return
	}
	ignored := slices.IndexFunc(running, func(call string) bool { return slices.Contains(calls, call) })
	if ignored < 0 {
		return
	}
	p.mu.Lock()
	p.part(proc, replaceWait)
	p.mu.Unlock()
	p.logger.Warn("the plugin goes on with a call that was cancelled, so its process is replaced", "call", visible.Line(running[ignored], 100))
	p.changed()
}
