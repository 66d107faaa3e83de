package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mcp-server/internal/pluginv1"
)

// atOnce is how many calls run beside each other.
const atOnce = 32

// begin starts a call, and returns once the plugin says that it runs, or it is over. The channel is closed when it is.
func (t *trial) begin(ctx context.Context, p *instance) (id string, answered <-chan struct{}) {
	start := t.startOf(t.tool.Name, t.Arguments)
	over := make(chan struct{})
	go func() { // ends with the context or the process
		defer close(over)
		_, _ = pluginv1.Invoke(ctx, p.client, start, (&goodCall{staging: start.GetStagingDir()}).events()) // whatever comes of it
	}()
	_, _ = await(ctx, t.limits.end, func() (bool, error) { // whether it was seen or not
		if isClosed(over) {
			return true, nil
		}
		runs, err := t.runs(ctx, p, start.GetCallId())
		return runs || err != nil, nil
	})
	return start.GetCallId(), over
}

// runs asks the plugin whether a call runs.
func (t *trial) runs(ctx context.Context, p *instance, id string) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.limits.sign, errors.New("it gives no sign of life"))
	defer cancel()
	answer, err := p.client.Running(ctx, &pluginv1.RunningRequest{})
	if err != nil {
		return false, p.explain(ctx, err)
	}
	return slices.Contains(answer.GetCallIds(), id), nil
}

// cancelled ends a call from the host's side as soon as it runs.
func (t *trial) cancelled(ctx context.Context) (string, error) {
	if t.blind {
		return "", skip("it does not say which calls run")
	}
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	calling, cancel := context.WithCancel(ctx)
	defer cancel()
	id, answered := t.begin(calling, p)
	if isClosed(answered) {
		return "it answered before it could be cancelled", t.lives(ctx, p, "the call")
	}
	cancel()
	began := time.Now()
	gone, err := await(ctx, t.limits.end, func() (bool, error) {
		runs, err := t.runs(ctx, p, id)
		return !runs, err
	})
	switch {
	case err != nil:
		return "", err
	case !gone:
		return "", fmt.Errorf("the call still runs %s after it was cancelled; end the work when gRPC says that the call is cancelled", t.limits.end)
	}
	return fmt.Sprintf("it ended after %s", time.Since(began).Round(time.Millisecond)), t.lives(ctx, p, "that")
}

// parallel makes many calls at once. An error of the tool is an answer, too.
func (t *trial) parallel(ctx context.Context) (string, error) {
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.limits.call, fmt.Errorf("not all are answered within %s", t.limits.call))
	defer cancel()
	began := time.Now()
	var calls sync.WaitGroup
	var problems, refusals [atOnce]error
	for i := range atOnce {
		start := t.startOf(t.tool.Name, t.Arguments)
		calls.Go(func() {
			_, err := pluginv1.Invoke(ctx, p.client, start, (&goodCall{staging: start.GetStagingDir()}).events())
			if _, refused := errors.AsType[pluginv1.Failure](err); refused {
				refusals[i] = p.answerOf(ctx, err)
			} else if err != nil {
				problems[i] = p.explain(ctx, err)
			}
		})
	}
	calls.Wait()
	if n, first := count(problems[:]); n > 0 {
		return "", fmt.Errorf("%d of %d calls were not answered: %w", n, atOnce, first)
	}
	remark := fmt.Sprintf("they took %s", time.Since(began).Round(time.Millisecond))
	if n, first := count(refusals[:]); n > 0 {
		remark += fmt.Sprintf("; %d were answered with an error, such as: %v", n, first)
	}
	return remark, t.lives(ctx, p, "the calls")
}

// count returns how many errors there are, and the first.
func count(all []error) (n int, first error) {
	for _, err := range all {
		if err != nil {
			n++
			if first == nil {
				first = err
			}
		}
	}
	return n, first
}

// deadline gives a call no time to speak of.
func (t *trial) deadline(ctx context.Context) (string, error) {
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	calling, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, _ = t.call(calling, p, t.tool.Name, t.Arguments) // what it came to is of no interest
	return "", t.lives(ctx, p, "a call whose time was over")
}
