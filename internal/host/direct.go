package host

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// directRounds is how often a client of the older revisions is asked for an answer that fits.
const directRounds = 3

// askDirectly puts questions to a client of the revisions before 2026-07-28 by requests of our own, while its request waits.
// mcp-go could do that, but would wait for the person after the call has ended. It returns when the questions are answered,
// nobody waits for the answers any more, or the request's context ends.
func (h *Host) askDirectly(ctx context.Context, a *asking) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with this function
		select {
		case <-a.over:
			cancel()
		case <-ctx.Done():
		}
	}()
	for range directRounds {
		answers, err := h.askAll(ctx, a.open())
		if err != nil {
			a.refuse(&sdk.Error{
				Code: sdk.CodeFailedPrecondition, Source: sdk.SourceArgument, Cause: err,
				Message: fmt.Sprintf("the client did not answer the question: %v", err),
			})
			return
		}
		if a.accept(answers) {
			return
		}
	}
	a.refuse(&sdk.Error{
		Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument,
		Message: fmt.Sprintf("the client answered %d times with what does not fit the question's schema; answer with the fields that it asks for, or decline", directRounds),
	})
}

// askAll asks at the same time. The first failure ends the other questions.
func (h *Host) askAll(ctx context.Context, questions []*pluginv1.Question) (map[string][]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu      sync.Mutex
		asking  sync.WaitGroup
		failed  error
		answers = map[string][]byte{}
	)
	for _, q := range questions {
		asking.Go(func() {
			answer, err := h.askSafely(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
				cancel()
			}
			answers[q.GetKey()] = answer
		})
	}
	asking.Wait()
	return answers, failed
}

func (h *Host) askSafely(ctx context.Context, q *pluginv1.Question) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = h.broken("asking", p)
		}
	}()
	return h.askOne(ctx, q)
}

func (h *Host) askOne(ctx context.Context, q *pluginv1.Question) ([]byte, error) {
	r, err := inputRequest(q)
	if err != nil {
		return nil, err
	}
	var answer any
	switch {
	case r.Elicitation != nil:
		answer, err = h.mcp.RequestElicitation(ctx, mcp.ElicitationRequest{Params: *r.Elicitation})
	case r.Sampling != nil:
		//nolint:staticcheck // deprecated for the new revision; this is for the older ones
		answer, err = h.mcp.RequestSampling(ctx, mcp.CreateMessageRequest{CreateMessageParams: *r.Sampling})
	default:
		answer, err = h.mcp.RequestRoots(ctx, mcp.ListRootsRequest{})
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}
