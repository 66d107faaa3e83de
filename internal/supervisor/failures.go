package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/sdk"
)

// messageLimit bounds what a plugin adds to an error message.
const messageLimit = 16 << 10

// ErrReplaced is the cause of errors of calls whose plugin's file is another one than was found in the folder, or whose
// plugin has been retired: whoever looks again finds what is there now. Nothing was done.
var ErrReplaced = errors.New("the plugin was replaced")

var (
	// errRefused is the cause of errors of binaries that may not be run.
	errRefused = errors.New("it is not run")
	// errKilledByOthers is the cause of errors of starts that somebody else ended.
	errKilledByOthers = errors.New("it was killed")
)

// refusal says why the plugin is not started now; p.mu is held.
func (p *Plugin) refusal(now time.Time) *sdk.Error {
	wait := p.breaker.wait(now)
	if wait <= 0 {
		return nil
	}
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, RetryAfter: wait,
		Message: fmt.Sprintf("plugin %s failed %d times in a row (last: %s), so it is not started for a while; try again in %s",
			p.name(), p.breaker.row, p.status.LastError, (wait + time.Second).Truncate(time.Second)),
	}
}

// goneError is the answer of a plugin that takes no more calls.
func (p *Plugin) goneError() *sdk.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.retired {
		return p.replacedError()
	}
	return p.stoppedError()
}

func (p *Plugin) stoppedError() *sdk.Error {
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceHost,
		Message: fmt.Sprintf("plugin %s has been stopped, because the server is ending", p.name()),
	}
}

func (p *Plugin) replacedError() *sdk.Error {
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: ErrReplaced, RetryAfter: time.Second,
		Message: fmt.Sprintf("plugin %s has been replaced; its new file is read now, so call again in a moment", p.name()),
	}
}

// refused says why a binary may not be run; its error is the host's own.
func (p *Plugin) refused(err error) *sdk.Error {
	message := fmt.Sprintf("plugin %s is not run: %v", p.name(), err)
	if errors.Is(err, pluginfolder.ErrNotAccepted) {
		message = err.Error() // which names the plugin
	}
	return &sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Cause: errors.Join(errRefused, err), Message: message}
}

// unrunnable says why a file is not run that cannot even be opened.
func (p *Plugin) unrunnable(err error) *sdk.Error {
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourcePlugin, Cause: p.cause(err),
		Message: fmt.Sprintf("plugin %s did not start: %s; mend the file, or remove it from the plugins folder", p.name(), cannotRun(err)),
	}
}

func (p *Plugin) name() string { return visible.Line(p.binary.Name, 100) }

// startError explains a failed start. The child is nil when it did not come to a process.
func (p *Plugin) startError(ctx context.Context, c *child, err error) *sdk.Error {
	code, why := sdk.CodeUnavailable, ""
	switch {
	case p.isStopped() || p.isRetired() || errors.Is(err, errClosed) || errors.Is(err, errKilled) && ctx.Err() == nil:
		return p.goneError()
	case errors.Is(err, ErrReplaced) || errors.Is(err, pluginfolder.ErrChanged):
		return p.replacedError()
	case c == nil:
		why = err.Error()
	case c.ID() == "" && c.bounded:
		code, why = sdk.CodeFailedPrecondition, fmt.Sprintf("the program that bounds it cannot be run (%v); build or install the server anew", reason(err))
	case c.ID() == "":
		code, why = sdk.CodeFailedPrecondition, cannotRun(err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && c.killedByHost():
		why = fmt.Sprintf("it was not ready within %s and has been killed", p.sup.cfg.StartTimeout)
	case !c.killedByHost():
		why = fmt.Sprintf("it ended before it was ready (%s)", c.state())
	default:
		code, why = sdk.CodeFailedPrecondition, statusText(err)
	}
	message := fmt.Sprintf("plugin %s did not start: %s", p.name(), p.secrets.line(why, false, 1000))
	if c != nil {
		if words := c.relay.explanation(); words != "" {
			message += fmt.Sprintf("; it wrote: %s", words)
		}
		message += fmt.Sprintf("; run %q to see whether it is a plugin of this server, or remove it from the plugins folder",
			p.binary.Path+" describe")
	}
	e := &sdk.Error{Code: code, Source: sdk.SourcePlugin, Message: message, Cause: p.cause(err)}
	if c != nil && c.ID() != "" && c.killedByOthers() {
		e.Cause = errors.Join(errKilledByOthers, e.Cause)
	}
	return e
}

func cannotRun(err error) string {
	switch {
	case notAProgram(err):
		return fmt.Sprintf("the file is not a program for %s/%s (%v)", runtime.GOOS, runtime.GOARCH, reason(err))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("the file, or the interpreter that it names, does not exist (%v)", reason(err))
	}
	return fmt.Sprintf("the file cannot be run (%v)", reason(err))
}

// statusText is a gRPC error without gRPC's own words.
func statusText(err error) string {
	if s, ok := status.FromError(err); ok {
		return s.Message()
	}
	return err.Error()
}

// cause keeps what errors.Is may ask for, and of everything else a text without secrets.
func (p *Plugin) cause(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New(p.secrets.line(err.Error(), false, messageBytes))
}

func (p *Plugin) isStopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped
}

func (p *Plugin) isRetired() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.retired
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// reason is an error without the path that its text would repeat.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
