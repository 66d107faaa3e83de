package host

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
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
	given   map[string][]byte // answers that came before the questions
	done    chan struct{}
	result  Result // valid once done is closed
	err     error
	news    chan struct{} // has one when there are events

	mu       sync.Mutex
	events   []event
	reporter *reporter // of the request that attends to it; nil when none does
	onStatus func(message string)
}

// event is something that whoever attends to a call must act on.
type event struct {
	asked       *asking // questions; the other field is for none
	closeStream bool    // the client shall poll; otherwise what follows takes long
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
		waiting, err := h.waiting.take(round.RequestState, access.CallerOf(ctx), request)
		if err != nil {
			return ending{}, err
		}
		r = waiting.running
		if !isClosed(waiting.asked.over) && !waiting.asked.accept(answers) {
			r.tell(event{asked: waiting.asked})
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
	r := &running{
		host: h, caller: access.CallerOf(ctx), cancel: cancel, given: given, done: make(chan struct{}), news: make(chan struct{}, 1),
	}
	request.Listener = Listener{
		Progress: r.progress, Log: r.log, Ask: r.ask, Background: func(closeStream bool) { r.tell(event{closeStream: closeStream}) },
	}
	r.request = request
	go func() { // ends with the call
		defer h.waiting.ended(r)
		defer close(r.done)
		defer cancel(nil)
		defer func() {
			if p := recover(); p != nil {
				r.err = &CallError{err: sdk.AsError(h.broken("calling "+request.Name, p)), Failure: Failure{
					Code: sdk.CodeInternal, Source: sdk.SourceHost, Phase: PhaseRun,
				}}
			}
		}()
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
	var direct sync.WaitGroup
	defer direct.Wait() // a client's answer that nobody waits for does not hold it up
	for {
		e, ok := r.next()
		if !ok {
			return ending{result: r.result}, r.err
		}
		switch {
		case e.asked != nil && !server.IsModernRequest(ctx):
			direct.Go(func() { r.host.askDirectly(ctx, e.asked) })
		case e.asked != nil:
			if end, over, err := r.host.askLater(r, e.asked); !over {
				stop()
				return end, err
			}
		case e.closeStream:
			if closeStream := ExchangeOf(ctx).CloseStream; closeStream != nil {
				closeStream()
			}
		case r.request.Client.GetTasks() && r.request.Kind == pluginv1.Kind_KIND_TOOL:
			if created := r.host.tasks.add(r); created != nil {
				stop()
				ExchangeOf(ctx).Result = created
				return ending{task: true}, nil
			}
		}
	}
}

// tell leaves an event for whoever attends. It never waits: for a while nobody may.
func (r *running) tell(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.events); n > 0 && r.events[n-1] == e {
		return // a plugin says it again and again
	}
	if e.asked == nil && len(r.events) >= maxEvents {
		return
	}
	r.events = append(r.events, e)
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// maxEvents bounds what waits for somebody to attend, beside questions, of which a call has one set at a time.
const maxEvents = 16

// next waits for the next event; there is none when the call has ended and all are taken.
func (r *running) next() (e event, ok bool) {
	for {
		ended := isClosed(r.done) // what it told before, is in the list by now
		r.mu.Lock()
		if len(r.events) > 0 {
			e, r.events = r.events[0], r.events[1:]
			r.mu.Unlock()
			return e, true
		}
		r.mu.Unlock()
		if ended {
			return event{}, false
		}
		select {
		case <-r.news:
		case <-r.done:
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// ask waits for the answers of the client, unless they have come with the first request.
func (r *running) ask(ctx context.Context, questions []*pluginv1.Question) (map[string][]byte, error) {
	a, err := newAsking(questions)
	if err != nil {
		return nil, err
	}
	given := r.given
	r.given = nil
	if len(given) > 0 && a.accept(given) {
		return a.given, nil
	}
	defer r.takeBack(a)
	r.tell(event{asked: a})
	return a.wait(ctx, r.host.stop)
}

// takeBack ends questions: nobody waits for the answers any more.
func (r *running) takeBack(a *asking) {
	r.host.waiting.close(a)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = slices.DeleteFunc(r.events, func(e event) bool { return e.asked == a })
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
