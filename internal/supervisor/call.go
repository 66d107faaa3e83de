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
	// probeTimeout is how long a plugin whose call ran out of time has to give a sign of life.
	probeTimeout = 5 * time.Second
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

// Call runs one tool, and starts the plugin first when it does not run. It returns as soon as the context ends, whatever
// the plugin does. The error is always an [*sdk.Error]: the tool's own, without secrets, or one that says what became of
// the plugin. A call that was interrupted is not repeated: whether that is safe, only the host knows.
func (p *Plugin) Call(ctx context.Context, r Request, ev pluginv1.Events) (json.RawMessage, error) {
	if len(r.Arguments) > pluginv1.MaxMessageBytes-envelopeBytes {
		return nil, &sdk.Error{
			Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument,
			Message: fmt.Sprintf("the arguments have %d bytes; at most %d are possible", len(r.Arguments), pluginv1.MaxMessageBytes-envelopeBytes),
		}
	}
	proc, failure := p.acquire(ctx)
	if failure != nil {
		e := *failure
		e.Cause = errors.Join(ErrNotStarted, e.Cause)
		return nil, &e
	}
	defer proc.calls.Done()
	result, err := pluginv1.Invoke(ctx, proc.link, &pluginv1.Start{
		Tool: r.Tool, Arguments: r.Arguments, CallId: r.CallID, StagingDir: r.StagingDir,
		Kind: r.Kind, Client: r.Client, TraceParent: r.TraceParent,
	}, p.guard(ev)) // it ends with the process, too: watch closes the connection, whoever else holds it
	if err != nil {
		return nil, p.explain(ctx, proc, r, err)
	}
	return result, nil
}

// explain turns what became of a call into the error for its caller.
func (p *Plugin) explain(ctx context.Context, proc *process, r Request, err error) *sdk.Error {
	if failure, ok := errors.AsType[pluginv1.Failure](err); ok {
		return p.toolError(failure.Detail)
	}
	code := status.Code(err)
	switch {
	case ctx.Err() != nil || code == codes.DeadlineExceeded:
		return p.outOfTime(ctx, proc, err)
	case code == codes.ResourceExhausted:
		return &sdk.Error{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourcePlugin, Cause: p.cause(err),
			Message: fmt.Sprintf("the result of %s is larger than the %d MiB that can be passed on; ask for less at once, with a filter or a smaller limit",
				r.Tool, pluginv1.MaxMessageBytes>>20),
		}
	case code == codes.NotFound:
		return &sdk.Error{
			Code: sdk.CodeNotFound, Source: sdk.SourceHost, Cause: p.cause(err),
			Message: fmt.Sprintf("plugin %s has no tool %.100q any more, so its binary was replaced; restart the server to see what it offers now", p.name(), r.Tool),
		}
	}
	return p.broken(ctx, proc, err)
}

// outOfTime answers a call whose context ended, and checks in the background that the plugin is not stuck: a stuck one
// is killed, so that the next call finds a fresh one.
func (p *Plugin) outOfTime(ctx context.Context, proc *process, err error) *sdk.Error {
	ended := ctx.Err()
	if ended == nil {
		ended = context.DeadlineExceeded // gRPC's clock was first
	}
	if errors.Is(ended, context.DeadlineExceeded) {
		p.probe(proc)
	}
	e := sdk.AsError(ended)
	e.Cause = fmt.Errorf("%w: %w", ended, p.cause(err))
	return e
}

func (p *Plugin) probe(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || !proc.probing.TryLock() {
		return
	}
	p.work.Go(func() {
		defer proc.probing.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), probeTimeout) // the call's own has ended
		defer cancel()
		if !proc.healthy(ctx) {
			p.logger.Warn("the plugin gives no sign of life and is killed", "waited", probeTimeout)
			proc.child.kill()
		}
	})
}

// broken answers a call whose connection or process broke.
func (p *Plugin) broken(ctx context.Context, proc *process, err error) *sdk.Error {
	wait := time.NewTimer(crashWait)
	defer wait.Stop()
	select {
	case <-proc.gone:
	case <-wait.C:
	case <-ctx.Done():
	}
	e := &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, Cause: errors.Join(ErrInterrupted, p.cause(err))}
	switch {
	case p.isStopped():
		return p.stoppedError()
	case isClosed(proc.child.exited):
		e.Message = fmt.Sprintf("plugin %s ended during the call (%s); it is started again for the next call", p.name(), proc.end())
	case status.Code(err) == codes.Unavailable:
		proc.child.kill()
		e.Message = fmt.Sprintf("plugin %s broke the connection during the call; it is started again for the next call", p.name())
	default:
		e.Code = sdk.CodeInternal
		e.Message = fmt.Sprintf("plugin %s broke off the call (%s); rebuild it against this server's version if it happens again",
			p.name(), p.secrets.line(statusText(err), false, 1000))
	}
	return e
}
