package supervisor

import (
	"context"
	"time"

	"mcp-server/internal/pluginv1"
)

// killWait is how long a killed process may take to vanish. Only a process that hangs in the kernel takes longer, and
// nothing can be done about that.
const killWait = time.Second

// Stop ends the plugin for good: running calls are cancelled softly, then the process is asked to end, then its group
// is killed. It is bounded by the configured StopTimeout, or the context if that is shorter, and a moment for the kill.
// Nothing is left: no process of the group, no folder. Calls afterwards are refused.
func (p *Plugin) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, p.sup.cfg.StopTimeout)
	defer cancel()
	p.mu.Lock()
	p.stopped = true
	starting, proc := p.attempt, p.current
	p.mu.Unlock()
	if starting != nil {
		starting.cancel()
		<-starting.done // soon, for its process is killed
		p.mu.Lock()
		proc = p.current // it may have come up all the same
		p.mu.Unlock()
	}
	if proc != nil {
		proc.stop(ctx)
	}
	p.settle()
}

// stop ends the process softly until the context ends, and then at once.
func (p *process) stop(ctx context.Context) {
	defer context.AfterFunc(ctx, p.child.kill)()
	if _, err := p.link.Drain(ctx, &pluginv1.DrainRequest{}); err == nil {
		p.awaitCalls(ctx) // they were cancelled, and their answers are on the way
	}
	p.client.Kill() // asks first; the context's end kills the process under it
}

func (p *process) awaitCalls(ctx context.Context) {
	idle := make(chan struct{})
	go func() { // ends with the last call, which ends with the process at the latest
		p.calls.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// settle waits for what runs in the background.
func (p *Plugin) settle() {
	settled := make(chan struct{})
	go func() {
		p.work.Wait()
		close(settled)
	}()
	select {
	case <-settled:
	case <-time.After(killWait):
		p.logger.Warn("the plugin's process does not end although it was killed")
	}
}
