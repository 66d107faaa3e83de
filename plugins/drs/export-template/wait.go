package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// beforeDeadline ends a little before the call does: the host answers a call that runs past its deadline by itself, and
// does not know the ids that lead on from there.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-min(5*time.Second, time.Until(end)/10)))
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

// checkAll refuses ids and names of at most most characters that cannot be one.
func checkAll(argument string, values []string, most int) error {
	for _, value := range values {
		if err := huaweicloud.CheckID(argument, value, most); err != nil {
			return err
		}
	}
	return nil
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

// chain reports the progress of an export from the first step to the last file. What comes may take any number of
// looks, so within a step the value rises by ever smaller parts.
type chain struct {
	call  *sdk.Call
	total float64
	done  float64
	looks float64
}

// step begins the next step.
func (c *chain) step(message string) {
	c.done, c.looks = c.done+1, 0
	c.call.Progress(c.done-1, c.total, message)
}

// wait reports another look within the step.
func (c *chain) wait(message string) {
	c.looks++
	c.call.Progress(c.done-1/(c.looks+1), c.total, message)
}
