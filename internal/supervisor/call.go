package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

const (
	// envelopeBytes is room for what surrounds the arguments in a message.
	envelopeBytes = 64 << 10
	// crashWait is how long a call whose connection broke waits for the news that the process ended, and why.
	crashWait = time.Second
)

// ErrInterrupted is the cause of errors of calls that had reached the plugin when it broke, so that nobody knows how far
// they came.
var ErrInterrupted = errors.New("the call was interrupted")

// ErrNotStarted is the cause of errors of calls whose plugin did not come up, so that nothing was done.
var ErrNotStarted = errors.New("the plugin did not start")

// Request is one call of a tool.
type Request struct {
	// Kind says whether Tool names a tool, a prompt or a resource.
	Kind pluginv1.Kind
	Tool string
	// Arguments are a JSON object that is valid against the tool's input schema.
	Arguments json.RawMessage
	CallID    string
	// Client is what the client behind the call can do.
	Client *pluginv1.Client
	// TraceParent is the W3C trace context of the call; empty when nobody traces.
	TraceParent string
	// StagingDir is a private folder of this call for files; empty when the host stores none.
	StagingDir string
	// Repeatable says that the call may run twice: its tool is read-only or idempotent.
	Repeatable bool
	// Again is asked before the call is sent a second time, to forget what came of the first; nil allows it.
	Again func() bool
}

// outcome is what became of sending a call once.
type outcome struct {
	result json.RawMessage
	err    *sdk.Error
	// proc is the process that it was sent to; nil when there was none.
	proc *process
	// cut says that the process broke during the call, and begun that the plugin had said that it begins.
	cut, begun bool
}

// Call runs one tool, and starts the plugin first when it does not run. It returns as soon as the context ends, whatever
// the plugin does. The error is always an [*sdk.Error]: the tool's own, without secrets, or one that says what became of
// the plugin. A call that a crash cut short is sent once more if it may run twice, or surely had not begun.
func (p *Plugin) Call(ctx context.Context, r Request, ev pluginv1.Events) (json.RawMessage, error) {
	if len(r.Arguments) > pluginv1.MaxMessageBytes-envelopeBytes {
		return nil, &sdk.Error{
			Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument,
			Message: fmt.Sprintf("the arguments have %d bytes; at most %d are possible", len(r.Arguments), pluginv1.MaxMessageBytes-envelopeBytes),
		}
	}
	o := p.send(ctx, r, ev)
	if p.mayRepeat(ctx, r, o) {
		p.replayed(r, o.err)
		if again := p.send(ctx, r, ev); again.proc != nil || !errors.Is(again.err, ErrReplaced) {
			o = again
		}
	}
	if o.err != nil {
		return nil, o.err
	}
	return o.result, nil
}

// mayRepeat reports whether a call is sent a second time.
func (p *Plugin) mayRepeat(ctx context.Context, r Request, o outcome) bool {
	return o.cut && ctx.Err() == nil && (r.Repeatable || o.proc.manifest.Acknowledges && !o.begun) && (r.Again == nil || r.Again())
}

func (p *Plugin) replayed(r Request, why *sdk.Error) {
	p.mu.Lock()
	p.status.Replays++
	p.mu.Unlock()
	p.logger.Info("a call is sent once more, because the plugin broke during it", "tool", r.Tool, "call", r.CallID, "reason", why.Message)
	p.sup.cfg.Replayed(p.Name())
	p.changed()
}

// send sends the call to a process, and returns what became of it.
func (p *Plugin) send(ctx context.Context, r Request, ev pluginv1.Events) outcome {
	proc, failure := p.acquire(ctx)
	if failure != nil {
		e := *failure
		e.Cause = errors.Join(ErrNotStarted, e.Cause)
		return outcome{err: &e}
	}
	defer p.release(proc)
	o := outcome{proc: proc}
	guarded := p.guard(ev)
	guarded.Begun = func(b *pluginv1.Begun) {
		o.begun = true
		if ev.Begun != nil {
			ev.Begun(b)
		}
	}
	if ev.File != nil {
		guarded.File = func(ctx context.Context, f *pluginv1.File) *pluginv1.FileReply {
			if f.GetFd() > 2 {
				if err := proc.salvage(f, r.StagingDir); err != nil {
					p.logger.Warn("a file whose folder was removed cannot be read", "call", r.CallID, "err", err)
				}
			}
			return ev.File(ctx, f)
		}
	}
	result, err := pluginv1.Invoke(ctx, proc.link, &pluginv1.Start{
		Tool: r.Tool, Arguments: r.Arguments, CallId: r.CallID, StagingDir: r.StagingDir,
		Kind: r.Kind, Client: r.Client, TraceParent: r.TraceParent,
	}, guarded) // it ends with the process, too: watch closes the connection, whoever else holds it
	if err == nil {
		p.answered(proc)
		o.result = result
	} else {
		o.err, o.cut = p.explain(ctx, proc, r, err)
	}
	return o
}

// answered notes that a process did what it is for, which forgives all failures before.
func (p *Plugin) answered(proc *process) {
	p.mu.Lock()
	recovered := p.breaker.open()
	proc.answered = true
	p.breaker.succeed()
	p.mu.Unlock()
	if recovered {
		p.changed()
	}
}

// explain turns what became of a call into the error for its caller, and says whether the process broke.
func (p *Plugin) explain(ctx context.Context, proc *process, r Request, err error) (e *sdk.Error, cut bool) {
	if failure, ok := errors.AsType[pluginv1.Failure](err); ok {
		p.answered(proc)
		return p.toolError(failure.Detail), false
	}
	code := status.Code(err)
	switch {
	case ctx.Err() != nil || code == codes.DeadlineExceeded:
		return p.outOfTime(ctx, proc, r, err), false
	case code == codes.ResourceExhausted:
		return &sdk.Error{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourcePlugin, Cause: p.cause(err),
			Message: fmt.Sprintf("the result of %s is larger than the %d MiB that can be passed on; ask for less at once, with a filter or a smaller limit",
				r.Tool, pluginv1.MaxMessageBytes>>20),
		}, false
	case code == codes.NotFound:
		return &sdk.Error{
			Code: sdk.CodeNotFound, Source: sdk.SourceHost, Cause: p.cause(err),
			Message: fmt.Sprintf("plugin %s has no tool %.100q any more: it offers something else than when it was described; list its tools again", p.name(), r.Tool),
		}, false
	}
	return p.broken(ctx, proc, err)
}

// outOfTime answers a call whose context ended. The plugin has been told; whether it listens is seen later.
func (p *Plugin) outOfTime(ctx context.Context, proc *process, r Request, err error) *sdk.Error {
	ended := ctx.Err()
	if ended == nil {
		ended = context.DeadlineExceeded // gRPC's clock was first
	}
	p.abandon(proc, r.CallID)
	e := sdk.AsError(ended)
	e.Cause = fmt.Errorf("%w: %w", ended, p.cause(err))
	return e
}

// broken answers a call whose connection or process broke.
func (p *Plugin) broken(ctx context.Context, proc *process, err error) (e *sdk.Error, cut bool) {
	wait := time.NewTimer(crashWait)
	defer wait.Stop()
	select {
	case <-proc.gone:
	case <-wait.C:
	case <-ctx.Done():
	}
	e = &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, Cause: errors.Join(ErrInterrupted, p.cause(err))}
	switch {
	case p.isStopped():
		return p.stoppedError(), false
	case isClosed(proc.child.exited):
		e.Message = fmt.Sprintf("plugin %s ended during the call (%s); it is started again for the next call", p.name(), proc.state())
	case status.Code(err) == codes.Unavailable:
		p.drop(proc)
		e.Message = fmt.Sprintf("plugin %s broke the connection during the call; it is started again for the next call", p.name())
	default:
		e.Code = sdk.CodeInternal
		e.Message = fmt.Sprintf("plugin %s broke off the call (%s); rebuild it against this server's version if it happens again",
			p.name(), p.secrets.line(statusText(err), false, 1000))
		return e, false
	}
	return e, true
}
