package huaweicloud

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mcp-server/sdk"
)

// Says reports whether the cloud answered with an error of one of the codes.
func Says(err error, codes ...sdk.Code) bool {
	known, ok := errors.AsType[*sdk.Error](err)
	return ok && known.Source == sdk.SourceCloud && slices.Contains(codes, known.Code)
}

// Explain adds the way on to an error. The end of a context stays what it is.
func Explain(err error, more string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := *sdk.AsError(err)
	e.Message = strings.TrimSuffix(e.Message, ".") + ". " + more
	return &e
}

// Begun is [Explain] once something goes on in the cloud that the same call would begin a second time: the error then names no
// time after which to make the call again.
func Begun(err error, more string) error {
	explained := Explain(err, more)
	if e, ok := errors.AsType[*sdk.Error](explained); ok && e.RetryAfter > 0 {
		once := *e
		once.RetryAfter = 0
		return &once
	}
	return explained
}

// errNothingSent marks the causes of errors that came before there was a request.
var errNothingSent = errors.New("nothing was sent")

// NothingSent reports whether an operation surely did not reach the service: there was no connection, or no request at
// all, for want of a credential, an endpoint or space on the disk. In doubt it is false.
func NothingSent(err error) bool {
	transport, ok := errors.AsType[*transportError](err)
	return errors.Is(err, errNothingSent) || ok && transport.unsent
}

func nothingSent(err error) error {
	e := *sdk.AsError(err)
	e.Cause = errors.Join(errNothingSent, e.Cause)
	return &e
}

// BeforeDeadline ends a part of what is left of a call before the call does, at most by the given time: to leave room for
// what follows, and because the host answers a call that runs past its deadline by itself, without the ids that lead on.
func BeforeDeadline(ctx context.Context, part float64, most time.Duration) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-min(most, time.Duration(part*float64(time.Until(end))))))
}

// TimedOut reports whether a wait inside the call came to its end, and not the call itself.
func TimedOut(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
}
