package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// Plugin is one binary and the process that runs it, if any. It is safe for concurrent use.
type Plugin struct {
	binary  pluginfolder.Binary
	sup     *Supervisor
	secrets *redactor
	logger  *slog.Logger
	work    sync.WaitGroup // all that runs in the background; Stop waits for it
	quit    chan struct{}  // closed by Stop

	mu      sync.Mutex
	known   Known
	door    *egress.Door // nil until the first start
	current *process     // nil unless it runs
	live    map[*process]bool
	attempt *attempt // nil unless it is being started
	retired bool     // no new calls
	stopped bool     // no calls at all
	ran     bool     // it has been started once
	breaker breaker
	status  Status

	warnings sync.Once // of what it declares
}

// attempt is one start, shared by all who wait for it.
type attempt struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    *sdk.Error // valid once done is closed
}

// Name returns the binary's name.
func (p *Plugin) Name() string { return p.binary.Name }

// Start launches the plugin, asks it what it is unless that is known, and configures it; it does nothing to one that runs.
// The error is an [*sdk.Error] that says which plugin, why, and the way on.
func (p *Plugin) Start(ctx context.Context) (sdk.Manifest, error) {
	proc, err := p.acquire(ctx)
	if err != nil {
		return sdk.Manifest{}, err
	}
	defer p.release(proc)
	return proc.manifest, nil
}

// acquire returns the running process, counted as in use; the caller ends that with release. It starts the plugin when it
// does not run, once for all who wait.
func (p *Plugin) acquire(ctx context.Context) (*process, *sdk.Error) {
	for again := false; ; {
		proc, starting, err := p.next()
		if err != nil {
			return nil, err
		}
		wait := (<-chan struct{})(nil)
		switch {
		case starting != nil:
			wait = starting.done
		case isClosed(proc.child.dead):
			p.release(proc)
			wait = proc.gone
		default:
			return proc, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, sdk.AsError(ctx.Err())
		}
		if starting != nil && starting.err != nil {
			if again || !errors.Is(starting.err, errKilledByOthers) {
				return nil, starting.err
			}
			again = true // nothing was done, so nobody need know
		}
	}
}

// next returns the process, counted as in use, or the start to wait for.
func (p *Plugin) next() (*process, *attempt, *sdk.Error) {
	p.mu.Lock()
	if p.stopped || p.retired {
		p.mu.Unlock()
		return nil, nil, p.goneError()
	}
	defer p.mu.Unlock()
	if p.current != nil {
		p.take(p.current)
		return p.current, nil, nil
	}
	if p.attempt == nil {
		if err := p.refusal(time.Now()); err != nil {
			return nil, nil, err
		}
		p.begin()
	}
	return nil, p.attempt, nil
}

// take counts a call of a process; p.mu is held.
func (p *Plugin) take(proc *process) {
	proc.calls++
	p.mind(proc)
}

// release ends what take began.
func (p *Plugin) release(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	proc.calls--
	switch {
	case proc.calls > 0:
	case proc.leaving:
		close(proc.quiet)
	default:
		proc.used = time.Now()
		p.awaitIdle(proc, p.sup.cfg.IdleTimeout)
	}
}

// background runs f beside the calls, unless the plugin is stopped; p.mu is held.
func (p *Plugin) background(f func()) {
	if !p.stopped {
		p.work.Go(f)
	}
}

// changed tells that the status did; p.mu is not held.
func (p *Plugin) changed() { p.sup.cfg.Changed(p.Name()) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
