package supervisor

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"mcp-server/internal/pluginv1"
)

const (
	// killWait is how long a killed process may take to vanish. Only a process that hangs in the kernel takes longer, and
	// nothing can be done about that.
	killWait = time.Second
	// retireWait is how long the calls of a retired plugin may go on.
	retireWait = time.Hour
)

// Stop ends the plugin for good: running calls are cancelled softly, then the process is asked to end, then its group
// is killed. It is bounded by the configured StopTimeout, or the context if that is shorter, and a moment for the kill.
// Nothing is left: no process of the group, no folder. Calls afterwards are refused.
func (p *Plugin) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, p.sup.cfg.StopTimeout)
	defer cancel()
	p.mu.Lock()
	if !p.stopped {
		p.stopped = true
		close(p.quit)
	}
	starting := p.attempt
	p.mu.Unlock()
	if starting != nil {
		starting.cancel()
		<-starting.done // soon, for its process is killed
	}
	p.mu.Lock() // it may have come up all the same
	live := slices.Collect(maps.Keys(p.live))
	for _, proc := range live {
		proc.leave()
	}
	p.mu.Unlock()
	var stopping sync.WaitGroup
	for _, proc := range live {
		stopping.Go(func() { proc.stop(ctx) })
	}
	stopping.Wait()
	p.settle()
	p.mu.Lock()
	door := p.door
	p.mu.Unlock()
	if door != nil {
		door.Close()
	}
	p.changed()
}

// Retire refuses new calls, lets those that run end, an hour at most, and then stops the plugin. It does not wait.
func (p *Plugin) Retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.retired || p.stopped {
		return
	}
	p.retired = true
	if p.attempt != nil {
		p.attempt.cancel() // nobody has its process yet
	}
	quiet := make([]<-chan struct{}, 0, len(p.live))
	for proc := range p.live {
		proc.leave()
		quiet = append(quiet, proc.quiet)
	}
	go p.endQuietly(quiet) // ends with the calls, the hour, or Stop
}

// endQuietly stops a retired plugin when its calls have ended.
func (p *Plugin) endQuietly(quiet []<-chan struct{}) {
	p.changed()
	limit := time.NewTimer(retireWait)
	defer limit.Stop()
	for _, calls := range quiet {
		select {
		case <-calls:
		case <-limit.C:
			limit.Reset(0)
		case <-p.quit:
			return
		}
	}
	p.Stop(context.Background())
	p.sup.forget(p)
}

// leave keeps new calls from the process, and says that its end is wanted; Plugin.mu is held.
func (p *process) leave() {
	if p.leaving {
		return
	}
	p.leaving = true
	if p.calls == 0 {
		close(p.quiet)
	}
}

// stop ends the process softly until the context ends, and then at once. It has left before.
func (p *process) stop(ctx context.Context) {
	defer context.AfterFunc(ctx, p.child.kill)()
	if _, err := p.link.Drain(ctx, &pluginv1.DrainRequest{}); err == nil {
		select {
		case <-p.quiet: // calls were cancelled, and their answers are on the way
		case <-ctx.Done():
		}
	}
	p.client.Kill() // asks first; the context's end kills the process under it
}

// settle waits for what runs in the background.
func (p *Plugin) settle() {
	settled := make(chan struct{})
	go func() {
		p.work.Wait()
		close(settled)
	}()
	limit := time.NewTimer(killWait)
	defer limit.Stop()
	select {
	case <-settled:
	case <-limit.C:
		p.logger.Warn("the plugin's process does not end although it was killed")
	}
}
