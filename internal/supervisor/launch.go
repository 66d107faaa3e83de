package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/supervisor/visible"
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
		p.changed()
		began := time.Now()
		proc, err := p.launch(ctx)
		p.mu.Lock()
		p.attempt = nil
		var opened bool
		if err == nil {
			p.started(proc, time.Since(began))
		} else {
			a.err = err
			opened = p.startFailed(err)
		}
		p.mu.Unlock()
		if err == nil {
			p.sup.cfg.Started(p.Name())
		}
		p.tell(opened)
	})
}

// started records a process that runs, and watches it; p.mu is held.
func (p *Plugin) started(proc *process, took time.Duration) {
	p.current, p.live[proc] = proc, true
	if p.ran {
		p.status.Restarts++
	}
	p.ran, p.status.Since, p.status.Sandboxed = true, time.Now(), proc.sandboxed
	p.logger.Debug("the plugin started", "pid", proc.child.pid(), "version", visible.Line(proc.manifest.Version, 50),
		"took", took.Round(time.Microsecond), "sandboxed", proc.sandboxed)
	proc.used = time.Now()
	p.awaitIdle(proc, p.sup.cfg.IdleTimeout)
	p.work.Go(func() { p.watch(proc) })
}

// startFailed records why there is no process; p.mu is held. What was refused has not failed.
func (p *Plugin) startFailed(err *sdk.Error) (opened bool) {
	if p.stopped || p.retired || errors.Is(err, errRefused) || errors.Is(err, ErrReplaced) {
		return false
	}
	p.status.LastError = err.Message
	return p.breaker.fail(time.Now(), errors.Is(err, errKilledByOthers))
}

// tell passes on that the status has changed; p.mu is not held.
func (p *Plugin) tell(opened bool) {
	if opened {
		p.logger.Warn("the plugin failed too often and is not started for a while", "failures", tolerated+1)
		p.sup.cfg.BreakerOpened(p.Name())
	}
	p.changed()
}

// launch returns a process that is ready for calls, or leaves nothing behind. What bounds the process comes from what is
// known of the binary, so that is asked first if nothing is.
func (p *Plugin) launch(ctx context.Context) (*process, *sdk.Error) {
	known := p.known // changed by launch alone, which runs once at a time
	if known.Manifest.Name == "" && (p.sandboxed() || p.sup.cfg.Egress != nil) {
		d, err := p.describe(ctx)
		if err != nil {
			return nil, err
		}
		known = Known{Manifest: d.Manifest, SHA256: cmp.Or(known.SHA256, d.SHA256)}
		p.known = known
	}
	b, err := p.boundsOf(known.Manifest)
	if err != nil {
		return nil, p.refused(err)
	}
	b.digest = known.SHA256 != ""
	return p.run(ctx, b, func(proc *process, digest func() (string, error)) error {
		proc.manifest = known.Manifest
		if b.digest {
			if sum, err := digest(); err != nil || sum != known.SHA256 {
				return cmp.Or(err, ErrReplaced)
			}
		}
		if !b.digest || known.Manifest.Name == "" {
			if err := proc.describe(ctx); err != nil {
				return err
			}
		}
		declared := known.Manifest
		if declared.Name == "" {
			declared = proc.manifest
		}
		return proc.configure(ctx, p.declared(declared))
	})
}

// open opens the binary that was found. Where only the times or the links of the file have changed, as a backup does it, its content says
// that it is the same. It is called by one start at a time.
func (p *Plugin) open() (*pluginfolder.Program, error) {
	program, err := p.binary.Open()
	if !errors.Is(err, pluginfolder.ErrChanged) || p.known.SHA256 == "" {
		return program, err
	}
	now := pluginfolder.LookAgain(p.binary)
	if program, openErr := now.Open(); openErr == nil {
		if sum, digestErr := p.sup.digests.Of(program); digestErr == nil && sum == p.known.SHA256 {
			p.binary.Identity = now.Identity
			return program, nil
		}
		program.Close()
	}
	return nil, err
}

// run starts a process of the binary within the bounds, makes sure that it is the binary that was found, and readies it.
func (p *Plugin) run(ctx context.Context, b bounds, ready func(*process, func() (string, error)) error) (*process, *sdk.Error) {
	program, err := p.open()
	if err != nil {
		return nil, p.openError(err)
	}
	defer program.Close()
	digest := sync.OnceValues(func() (string, error) { return p.sup.digests.Of(program) })
	if b.digest { // beside the start, which takes about as long
		var reading sync.WaitGroup
		defer reading.Wait() // before the file is closed
		reading.Go(func() { _, _ = digest() })
	}
	if admit := p.sup.cfg.Admit; admit != nil {
		if err := admit(p.binary, digest); err != nil {
			return nil, p.refused(err)
		}
	}
	folder, err := p.sup.processFolder()
	if err != nil {
		return nil, p.startError(ctx, nil, err)
	}
	c, err := p.newChild(program, folder, b)
	if err != nil {
		return nil, p.startError(ctx, nil, err)
	}
	proc := newProcess(c, p.sup.cfg.StartTimeout)
	proc.sandboxed = b.sandboxed
	err = proc.connect(ctx)
	if err == nil {
		err = c.same(program)
	}
	if err == nil {
		err = ready(proc, digest)
	}
	if err != nil {
		proc.end()
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
			p.hide(value)
		}
	}
	return values
}

// hide keeps a value out of all that is written of the plugin, and out of what the host redacts later.
func (p *Plugin) hide(secret string) {
	p.secrets.add(secret)
	p.sup.secrets.add(secret)
}

// watch deals with the end of a process, whatever its cause.
func (p *Plugin) watch(proc *process) {
	<-proc.child.exited
	p.mu.Lock()
	wanted := p.stopped || proc.leaving
	reason := proc.state()
	delete(p.live, proc)
	if p.current == proc {
		p.current = nil
		p.status.Since = time.Now()
	}
	opened := false
	if !wanted {
		p.status.LastError = reason
		p.status.Crashes++
		if !proc.answered {
			opened = p.breaker.fail(time.Now(), proc.child.killedByOthers())
		}
	}
	proc.stopTimers()
	p.mu.Unlock()
	if wanted {
		p.logger.Debug("the plugin was stopped", "state", reason)
	} else {
		p.sup.cfg.Crashed(p.Name())
		p.logger.Warn("the plugin ended; the next call starts it again", "reason", reason)
	}
	close(proc.gone)
	p.tell(opened)
	proc.end()
}

// openError explains a file that cannot be opened, or is another one than was found.
func (p *Plugin) openError(err error) *sdk.Error {
	switch {
	case errors.Is(err, pluginfolder.ErrChanged):
		return p.replacedError()
	case p.binary.Identity != (pluginfolder.Identity{}) && isMissing(err):
		return &sdk.Error{
			Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: ErrReplaced,
			Message: fmt.Sprintf("plugin %s has been removed from the plugins folder, so its tools are not there any more", p.name()),
		}
	}
	return p.unrunnable(err)
}
