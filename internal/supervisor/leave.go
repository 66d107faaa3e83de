package supervisor

import (
	"context"
	"time"
)

// replaceWait is how long the other calls of a process that ignores a cancelled one may go on.
const replaceWait = 30 * time.Second

// awaitIdle looks at the process again after a while; p.mu is held. There is one timer, however many calls there are.
func (p *Plugin) awaitIdle(proc *process, after time.Duration) {
	if p.sup.cfg.IdleTimeout <= 0 || proc.idle != nil || p.current != proc {
		return
	}
	proc.idle = time.AfterFunc(after, func() { p.idled(proc) })
}

// idled stops a process that has had no calls for the time. A call that comes meanwhile finds no process, and starts
// one of its own.
func (p *Plugin) idled(proc *process) {
	p.mu.Lock()
	proc.idle = nil
	if proc.calls > 0 || p.current != proc || p.stopped || p.retired {
		p.mu.Unlock()
		return // the end of the call looks again
	}
	if rest := p.sup.cfg.IdleTimeout - time.Since(proc.used); rest > 0 {
		p.awaitIdle(proc, rest)
		p.mu.Unlock()
		return
	}
	p.part(proc, 0)
	p.mu.Unlock()
	p.logger.Debug("the plugin is stopped, because nobody calls it")
	p.changed()
}

// drop kills a process that cannot be used any more; the next call need not wait for its end.
func (p *Plugin) drop(proc *process) {
	p.mu.Lock()
	if p.current == proc {
		p.current = nil
	}
	p.mu.Unlock()
	proc.child.kill()
}

// part gives up a process: it gets no new calls, and is stopped when its calls have ended, or after the wait; p.mu is held.
func (p *Plugin) part(proc *process, wait time.Duration) {
	if p.current != proc {
		return
	}
	p.current = nil
	p.status.Since = time.Now()
	proc.leave()
	p.background(func() {
		limit := time.NewTimer(wait)
		defer limit.Stop()
		select {
		case <-proc.quiet:
		case <-limit.C:
		case <-p.quit:
			return // and Stop does it
		}
		ctx, cancel := context.WithTimeout(context.Background(), p.sup.cfg.StopTimeout)
		defer cancel()
		proc.stop(ctx)
	})
}
