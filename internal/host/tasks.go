package host

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/access"
	"mcp-server/sdk"
)

const (
	// taskKept is how long a task can be asked for after its call must have ended.
	taskKept = time.Hour
	// taskPoll is how often a client is asked to look.
	taskPoll = time.Second
	// maxTasks bounds what is kept of one caller's tasks, ended ones included, and maxAllTasks of all callers'.
	maxTasks, maxAllTasks = 100, 1000
)

// The states of a task, in the words of the tasks extension (SEP-2663).
const (
	taskWorking       = "working"
	taskInputRequired = "input_required"
	taskCompleted     = "completed"
	taskFailed        = "failed"
	taskCancelled     = "cancelled"
)

// tasks are the calls that clients come back for. They live in memory: a restart of the server ends them with their calls.
type tasks struct {
	mu   sync.Mutex
	byID map[string]*task
}

// task is one call that a client comes back for.
type task struct {
	id      string
	caller  access.Caller
	running *running // nil once it has ended: what it holds may be large
	created time.Time
	ttl     time.Duration

	mu        sync.Mutex
	status    string
	message   string // what the tool reported last
	updated   time.Time
	asked     *asking
	round     int // of questions
	cancelled bool
	result    json.RawMessage
	failure   *RPCError
}

// wireTask is a task as clients see it: CreateTaskResult and DetailedTask of the extension.
type wireTask struct {
	ResultType     string                      `json:"resultType"`
	TaskID         string                      `json:"taskId"`
	Status         string                      `json:"status"`
	StatusMessage  string                      `json:"statusMessage,omitempty"`
	CreatedAt      string                      `json:"createdAt"`
	LastUpdatedAt  string                      `json:"lastUpdatedAt"`
	TTLMs          int64                       `json:"ttlMs"`
	PollIntervalMs int64                       `json:"pollIntervalMs"`
	InputRequests  map[string]mcp.InputRequest `json:"inputRequests,omitempty"`
	Result         json.RawMessage             `json:"result,omitempty"`
	Error          *RPCError                   `json:"error,omitempty"`
}

// add makes a task of a call and returns what the request is answered with; nil when the caller has too many tasks, and
// the request has to wait for the call.
func (t *tasks) add(r *running) json.RawMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, other := range t.byID {
		if other.caller.Name == r.caller.Name {
			n++
		}
	}
	if n >= maxTasks || len(t.byID) >= maxAllTasks {
		return nil
	}
	now := time.Now()
	k := &task{
		id: uuid.NewString(), caller: r.caller, running: r, created: now, updated: now, ttl: maxTimeout + taskKept, status: taskWorking,
	}
	if t.byID == nil {
		t.byID = map[string]*task{}
	}
	t.byID[k.id] = k
	time.AfterFunc(k.ttl, func() { t.remove(k) })
	r.mu.Lock()
	r.onStatus = k.report
	r.mu.Unlock()
	go k.attend() // ends with the call
	created, err := json.Marshal(k.wire("task"))
	if err != nil {
		return nil // cannot be: it is strings and numbers
	}
	return created
}

func (t *tasks) remove(k *task) {
	k.cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byID, k.id)
}

// find returns a task to the caller who made it.
func (t *tasks) find(ctx context.Context, id string) (*task, *RPCError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.byID[id]
	if k == nil || k.caller.Key() != access.CallerOf(ctx).Key() {
		return nil, &RPCError{Code: mcp.INVALID_PARAMS, Message: fmt.Sprintf("there is no task %q; it may have ended long ago, or with an earlier run of the server", shorten(id))}
	}
	return k, nil
}

// attend waits for the call's questions and its end.
func (k *task) attend() {
	r := k.running
	for {
		e, ok := r.next()
		if !ok {
			k.end(r)
			return
		}
		if e.asked != nil {
			k.ask(e.asked)
		}
	}
}

// ask shows questions until they are answered, or nobody waits for the answers any more.
func (k *task) ask(a *asking) {
	k.set(func() { k.status, k.asked, k.round = taskInputRequired, a, k.round+1 })
	<-a.over // the call's own bound at the latest
	k.set(func() { k.status, k.asked = taskWorking, nil })
}

// set changes the task, which is then updated now.
func (k *task) set(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
	k.updated = time.Now()
}

func (k *task) report(message string) {
	k.set(func() { k.message = clip(message, 500) })
}

// end settles the task. What the tool says of its own failure is a result, and so is a process that was killed, because the
// model can call again; that the plugin has a mistake is the task's failure.
func (k *task) end(r *running) {
	result, err := r.written()
	broke := r.err != nil && sdk.AsError(r.err).Code == sdk.CodeInternal
	k.set(func() {
		k.asked, k.running = nil, nil
		switch {
		case k.cancelled && r.err != nil:
			k.status, k.message = taskCancelled, clip(r.err.Error(), 500) // which says what became of a download
		case broke:
			k.status, k.failure = taskFailed, &RPCError{Code: mcp.INTERNAL_ERROR, Message: r.err.Error(), Data: failureData(r.err)}
		case err != nil:
			k.status, k.failure = taskFailed, &RPCError{Code: mcp.INTERNAL_ERROR, Message: "the result cannot be written as JSON"}
		default:
			k.status, k.result = taskCompleted, result
		}
	})
}

// written is the tool's answer as JSON. What breaks while it is made, breaks this answer alone.
func (r *running) written() (result json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = r.host.broken("writing a result", p)
		}
	}()
	return json.Marshal(r.host.toolResult(r.caller, r.result, r.err))
}

func failureData(err error) json.RawMessage {
	data, _ := json.Marshal(map[string]any{ErrorMetaKey: failureOf(err)}) // strings and numbers
	return data
}

func (k *task) wire(resultType string) wireTask {
	k.mu.Lock()
	defer k.mu.Unlock()
	return wireTask{
		ResultType: resultType, TaskID: k.id, Status: k.status, StatusMessage: k.message,
		CreatedAt: k.created.UTC().Format(time.RFC3339Nano), LastUpdatedAt: k.updated.UTC().Format(time.RFC3339Nano),
		TTLMs: k.ttl.Milliseconds(), PollIntervalMs: taskPoll.Milliseconds(),
		InputRequests: k.questions(), Result: k.result, Error: k.failure,
	}
}

// questions are the open ones. A key is never used twice in a task, so it names the round too.
func (k *task) questions() map[string]mcp.InputRequest {
	if k.asked == nil {
		return nil
	}
	requests := map[string]mcp.InputRequest{}
	for _, q := range k.asked.open() {
		if r, err := inputRequest(q); err == nil {
			requests[k.key(q.GetKey())] = r
		}
	}
	return requests
}

func (k *task) key(question string) string { return fmt.Sprintf("%s-%d", question, k.round) }

// GetTask returns a task of the caller as the tasks extension of 2026-07-28 shows it: a DetailedTask with its resultType.
func (h *Host) GetTask(ctx context.Context, id string) (json.RawMessage, *RPCError) {
	k, unknown := h.tasks.find(ctx, id)
	if unknown != nil {
		return nil, unknown
	}
	shown, err := json.Marshal(k.wire("complete"))
	if err != nil {
		return nil, &RPCError{Code: mcp.INTERNAL_ERROR, Message: "the task cannot be written as JSON"}
	}
	return shown, nil
}

// UpdateTask hands the answers to a task's questions over, by the questions' keys. Keys that it does not know are ignored.
func (h *Host) UpdateTask(ctx context.Context, id string, responses map[string]json.RawMessage) *RPCError {
	k, unknown := h.tasks.find(ctx, id)
	if unknown != nil {
		return unknown
	}
	k.set(func() {
		if k.asked == nil {
			return
		}
		answers := map[string][]byte{}
		for _, q := range k.asked.open() {
			if raw, given := responses[k.key(q.GetKey())]; given {
				answers[q.GetKey()] = raw
			}
		}
		if k.asked.accept(answers) {
			k.status, k.asked = taskWorking, nil
		}
	})
	return nil
}

// CancelTask cancels a task; one that has ended is left as it is.
func (h *Host) CancelTask(ctx context.Context, id string) *RPCError {
	k, unknown := h.tasks.find(ctx, id)
	if unknown != nil {
		return unknown
	}
	k.set(func() { k.cancelled = k.result == nil && k.failure == nil })
	k.cancel()
	return nil
}

// cancel ends the task's call, if it still runs.
func (k *task) cancel() {
	k.mu.Lock()
	r := k.running
	k.mu.Unlock()
	if r != nil {
		r.cancel(context.Canceled)
	}
}
