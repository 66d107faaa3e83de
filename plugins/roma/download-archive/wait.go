package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mcp-server/sdk"
)

// beforeDeadline ends a good while before the call does, because the download that follows must not be cut: it cannot
// be repeated. And the host answers a call that runs past its deadline by itself, without the ids that lead on.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-min(5*time.Minute, time.Until(end)/4)))
}

// isTimeout reports whether a wait inside the call came to its end, and not the call itself.
func isTimeout(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
}

// cloudSays reports whether the cloud answered with an error of one of the codes.
func cloudSays(err error, codes ...sdk.Code) bool {
	known, ok := errors.AsType[*sdk.Error](err)
	return ok && known.Source == sdk.SourceCloud && slices.Contains(codes, known.Code)
}

// explain adds the way on to an error. The end of a context stays what it is.
func explain(err error, more string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := *sdk.AsError(err)
	e.Message = strings.TrimSuffix(e.Message, ".") + ". " + more
	return &e
}

// meter reports progress in hundredths of the whole chain. ROMA's own figure may stand still or be absent; the value
// rises all the same, by ever smaller parts, so that a client sees that there is still life.
type meter struct {
	call *sdk.Call
	done float64
}

func (m *meter) report(done, limit float64, message string) {
	if done <= m.done {
		done = m.done + (limit-m.done)/20
	}
	m.done = min(done, limit)
	m.call.Progress(m.done, 100, message)
}
