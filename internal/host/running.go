package host

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// running is a call that may outlive the request which began it: while a person is asked (a multi round-trip request of
// 2026-07-28), or as a task. At any time one goroutine attends to it: the request's, or the task's.
type running struct {
	host    *Host
	caller  access.Caller
	request Request
	cancel  context.CancelCauseFunc
	events  chan event
	given   map[string][]byte // answers that came before the questions
	done    chan struct{}
	result  Result // valid once done is closed
	err     error

	mu       sync.Mutex
	reporter *reporter // of the request that attends to it; nil when none does
	onStatus func(message string)
}

// event is something that whoever attends to a call must act on.
type event struct {
	asked       *asking
	closeStream bool
}

// asking is a set of questions that waits for answers.
type asking struct {
	questions []*pluginv1.Question
	answers   chan map[string][]byte // takes one
	given     map[string][]byte      // so far
}

// ending is what a request gets of a call: its result, questions, or a task.
type ending struct {
	result Result
	asks   *mcp.MultiRoundTripResult
	task   bool
}

// serve begins a call for a request, or goes on with one that waits for the request's answers, and returns when the
// request can be answered.
func (h *Host) serve(ctx context.Context, request Request, meta *mcp.Meta, round mcp.MultiRoundTripParams) (ending, error) {
	answers := answersOf(round.InputResponses)
	var r *running
	if round.RequestState != "" {
		waiting, err := h.waiting.take(round.RequestState, access.CallerOf(ctx).Name, request)
		if err != nil {
			return ending{}, err
		}
		r = waiting.running
		if !waiting.asked.accept(answers) {
			return h.askAgain(r, waiting.asked)
		}
	} else {
		request.Client, request.From = clientOf(ctx), sourceOf(ctx, meta)
		r = h.start(ctx, request, answers)
	}
	return r.attend(ctx, newReporter(ctx, h.mcp, meta))
}

// start runs the call apart from the request's context, which ends with the first answer.
func (h *Host) start(ctx context.Context, request Request, given map[string][]byte) *running {
	callCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	r := &running{host: h, caller: access.CallerOf(ctx), cancel: cancel, events: make(chan event), given: given, done: make(chan struct{})}
	request.Listener = Listener{
		Progress: r.progress, Log: r.log, Ask: r.ask,
		Background: func(closeStream bool) { r.tell(callCtx, event{closeStream: closeStream}) },
	}
	r.request = request
	go func() { // ends with the call
		defer close(r.done)
		defer cancel(nil)
		r.result, r.err = h.Call(callCtx, request)
	}()
	return r
}

// attend waits for what ends the request: the call's end, a question, or the beginning of a task. The end of the request's
// context cancels the call, until somebody else attends to it.
func (r *running) attend(ctx context.Context, to *reporter) (ending, error) {
	r.attach(to)
	defer r.attach(nil)
	stop := context.AfterFunc(ctx, func() { r.cancel(context.Cause(ctx)) })
	modern := server.IsModernRequest(ctx)
	for {
		select {
		case <-r.done:
			return ending{result: r.result}, r.err
		case e := <-r.events:
			switch {
			case e.asked != nil:
				if modern {
					stop()
				}
				return r.host.askAgain(r, e.asked)
			case e.closeStream:
				if closeStream := exchangeOf(ctx).CloseStream; closeStream != nil {
					closeStream()
				}
			case r.request.Client.GetTasks() && r.request.Kind == pluginv1.Kind_KIND_TOOL:
				if created := r.host.tasks.add(r); created != nil {
					stop()
					exchangeOf(ctx).Result = created
					return ending{task: true}, nil
				}
			}
		}
	}
}

// tell passes an event to whoever attends.
func (r *running) tell(ctx context.Context, e event) {
	select {
	case r.events <- e:
	case <-ctx.Done():
	}
}

// ask waits for the answers of the client, unless they have come with the first request.
func (r *running) ask(ctx context.Context, questions []*pluginv1.Question) (map[string][]byte, error) {
	a := &asking{questions: questions, answers: make(chan map[string][]byte, 1), given: map[string][]byte{}}
	given := r.given
	r.given = nil
	if len(given) > 0 && a.accept(given) {
		return <-a.answers, nil
	}
	r.tell(ctx, event{asked: a})
	select {
	case answers := <-a.answers:
		return answers, nil
	case <-ctx.Done():
		r.host.waiting.forget(a)
		return nil, &sdk.Error{Code: sdk.CodeDeadlineExceeded, Source: sdk.SourceArgument, Message: "nobody answered the question in time; call again when somebody can"}
	}
}

// accept takes answers that fit questions, and reports whether none is missing now.
func (a *asking) accept(answers map[string][]byte) (complete bool) {
	for _, q := range a.questions {
		if raw, given := answers[q.GetKey()]; given && isObject(raw) {
			a.given[q.GetKey()] = raw
		}
	}
	if len(a.open()) > 0 {
		return false
	}
	a.answers <- a.given
	return true
}

// open returns the questions without an answer.
func (a *asking) open() []*pluginv1.Question {
	var open []*pluginv1.Question
	for _, q := range a.questions {
		if _, answered := a.given[q.GetKey()]; !answered {
			open = append(open, q)
		}
	}
	return open
}

func isObject(raw []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(raw, &object) == nil && object != nil
}

func (r *running) attach(to *reporter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reporter != nil {
		r.reporter.flush()
	}
	r.reporter = to
}

func (r *running) progress(p Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reporter != nil {
		r.reporter.report(p)
	}
	if r.onStatus != nil {
		r.onStatus(p.Message)
	}
}

func (r *running) log(level slog.Level, message string, attributes map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reporter != nil {
		r.reporter.log(level, message, attributes)
	}
}

// answersOf keeps the answers' own JSON.
func answersOf(responses mcp.InputResponses) map[string][]byte {
	answers := make(map[string][]byte, len(responses))
	for key, response := range responses {
		if raw, err := json.Marshal(response); err == nil {
			answers[key] = raw
		}
	}
	return answers
}
