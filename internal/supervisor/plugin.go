package supervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// Plugin is one binary and the process that runs it, if any. It is safe for concurrent use.
type Plugin struct {
	binary  pluginfolder.Binary
	sup     *Supervisor
	secrets *redactor
	logger  *slog.Logger
	work    sync.WaitGroup // starts, watchers and probes; Stop waits for them

	mu       sync.Mutex
	current  *process // nil unless it runs
	attempt  *attempt // nil unless it is being started
	stopped  bool
	ran      bool        // it has been started once
	failures []time.Time // the last crashes and failed starts
	status   Status
}

// attempt is one start, shared by all who wait for it.
type attempt struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    *sdk.Error // valid once done is closed
}

// Name returns the binary's name.
func (p *Plugin) Name() string { return p.binary.Name }

// Start launches the plugin, asks it what it is and configures it; it does nothing to one that runs. The error is an
// [*sdk.Error] that says which plugin, why, and the way on.
func (p *Plugin) Start(ctx context.Context) (sdk.Manifest, error) {
	proc, err := p.acquire(ctx)
	if err != nil {
		return sdk.Manifest{}, err
	}
	defer proc.calls.Done()
	return proc.manifest, nil
}

// acquire returns the running process, counted as in use; the caller ends that with calls.Done. It starts the plugin
// when it does not run, once for all who wait.
func (p *Plugin) acquire(ctx context.Context) (*process, *sdk.Error) {
	for {
		proc, starting, err := p.next()
		if err != nil {
			return nil, err
		}
		wait := (<-chan struct{})(nil)
		switch {
		case starting != nil:
			wait = starting.done
		case isClosed(proc.child.dead):
			proc.calls.Done()
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
			return nil, starting.err
		}
	}
}

// next returns the process, counted as in use, or the start to wait for.
func (p *Plugin) next() (*process, *attempt, *sdk.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil, nil, p.stoppedError()
	}
	if p.current != nil {
		p.current.calls.Add(1)
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

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
