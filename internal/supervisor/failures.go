package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"google.golang.org/grpc/status"

	"mcp-server/sdk"
)

const (
	// maxFailures within failureWindow are enough: the next start waits until the window has passed.
	maxFailures   = 3
	failureWindow = 10 * time.Second
	// messageLimit bounds what a plugin adds to an error message.
	messageLimit = 16 << 10
)

// failed records a crash or a failed start; p.mu is held.
func (p *Plugin) failed(now time.Time, reason string) {
	p.status.LastError = reason
	p.failures = append(p.failures, now)
	if extra := len(p.failures) - maxFailures; extra > 0 {
		p.failures = append(p.failures[:0], p.failures[extra:]...)
	}
}

// refusal says why the plugin is not started now; p.mu is held.
func (p *Plugin) refusal(now time.Time) *sdk.Error {
	if len(p.failures) < maxFailures {
		return nil
	}
	since := now.Sub(p.failures[0])
	if since >= failureWindow {
		return nil
	}
	wait := failureWindow - since
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, RetryAfter: wait,
		Message: fmt.Sprintf("plugin %s ended %d times in %s (last: %s); it is not started again for now; try again in %s",
			p.name(), maxFailures, since.Round(time.Millisecond), p.status.LastError, (wait + time.Second).Truncate(time.Second)),
	}
}

func (p *Plugin) stoppedError() *sdk.Error {
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceHost,
		Message: fmt.Sprintf("plugin %s has been stopped, because the server is ending", p.name()),
	}
}

func (p *Plugin) name() string { return visible(p.binary.Name, 100, false) }

// startError explains a failed start. The child is nil when it did not come to a process.
func (p *Plugin) startError(ctx context.Context, c *child, err error) *sdk.Error {
	code, why := sdk.CodeUnavailable, ""
	switch {
	case p.isStopped() || errors.Is(err, errClosed) || errors.Is(err, errKilled) && ctx.Err() == nil:
		return p.stoppedError()
	case c == nil:
		why = fmt.Sprintf("%v", reason(err))
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
	return &sdk.Error{Code: code, Source: sdk.SourcePlugin, Message: message, Cause: p.cause(err)}
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

// reason is an error without the path that its text would repeat.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
