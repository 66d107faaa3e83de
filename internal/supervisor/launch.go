package supervisor

import (
	"context"
	"time"

	"mcp-server/sdk"
)

// begin starts the plugin in the background; p.mu is held. The start belongs to all callers that wait for it, so it has
// its own deadline and none of theirs; Stop cancels it.
func (p *Plugin) begin() {
	ctx, cancel := context.WithTimeout(context.Background(), p.sup.cfg.StartTimeout)
	a := &attempt{cancel: cancel, done: make(chan struct{})}
	p.attempt = a
	p.work.Go(func() {
		defer close(a.done)
		defer cancel()
		began := time.Now()
		proc, err := p.launch(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.attempt = nil
		if err != nil {
			a.err = err
			if !p.stopped {
				p.failed(time.Now(), err.Message)
			}
			return
		}
		p.started(proc, time.Since(began))
	})
}

// started records a process that runs, and watches it; p.mu is held.
func (p *Plugin) started(proc *process, took time.Duration) {
	p.current = proc
	if p.ran {
		p.status.Restarts++
	}
	p.ran, p.status.Since = true, time.Now()
	p.sup.cfg.Started(p.Name())
	p.logger.Debug("the plugin started", "pid", proc.child.pid(), "version", visible(proc.manifest.Version, 50, false),
		"took", took.Round(time.Microsecond))
	p.work.Go(func() { p.watch(proc) })
}

// launch returns a process that is ready for calls, or leaves nothing behind.
func (p *Plugin) launch(ctx context.Context) (*process, *sdk.Error) {
	folder, err := p.sup.processFolder()
	if err != nil {
		return nil, p.startError(ctx, nil, err)
	}
	c := newChild(p.binary.Path, folder, p.sup.starter, &relay{logger: p.logger, secrets: p.secrets})
	proc := newProcess(c, p.sup.cfg.StartTimeout)
	if err := proc.connect(ctx); err != nil {
		proc.release()
		return nil, p.startError(ctx, c, err)
	}
	if err := proc.configure(ctx, p.declared(proc.manifest)); err != nil {
		proc.release()
		return nil, p.startError(ctx, c, err)
	}
	return proc, nil
}

// declared reads what the plugin declares of the host's environment; the redactor learns the secrets among it first.
func (p *Plugin) declared(m sdk.Manifest) map[string]string {
	values := map[string]string{}
	for _, v := range m.Permissions.Environment {
		value, ok := p.sup.cfg.LookupEnv(v.Name)
		if !ok {
			continue
		}
		values[v.Name] = value
		if v.Secret {
			p.secrets.add(value)
		}
	}
	return values
}

// watch deals with the end of a process, whatever its cause.
func (p *Plugin) watch(proc *process) {
	<-proc.child.exited
	p.mu.Lock()
	stopped := p.stopped
	reason := proc.end()
	p.current = nil
	p.status.Since = time.Now()
	if !stopped {
		p.failed(time.Now(), reason)
	}
	p.mu.Unlock()
	if stopped {
		p.logger.Debug("the plugin was stopped", "state", reason)
	} else {
		p.sup.cfg.Crashed(p.Name())
		p.logger.Warn("the plugin ended; the next call starts it again", "reason", reason)
	}
	close(proc.gone)
	proc.release()
}
