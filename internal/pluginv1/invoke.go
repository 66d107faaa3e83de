package pluginv1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// maxAsks bounds the questions of one call that wait for their turn.
const maxAsks = 16

// Events are what the host does with the events of a call. All but Ask are called from one goroutine, in order; nil ones
// are skipped.
type Events struct {
	// Begun tells that the plugin has the call. A tool that must not run twice runs when it has returned.
	Begun    func(*Begun)
	Progress func(*Progress)
	Log      func(*Log)
	// File adopts a file that the plugin hands over and answers it.
	File func(context.Context, *File) *FileReply
	// Claim grants or refuses a once-only download; it may wait for another call that has the claim.
	Claim     func(context.Context, *Claim) *ClaimReply
	Receiving func(*Receiving)
	Release   func(*Release)
	// Ask puts questions to the client and answers the plugin. It waits for a person, so it runs beside the others, one at a
	// time and never during a Claim; its context ends with the call, and the call waits for it to return.
	Ask          func(context.Context, *Ask) *AskReply
	Background   func(*Background)
	CloudRequest func(*CloudRequest)
	Listing      func(*Listing)
	Updated      func(*Updated)
}

// Failure is the error that a tool answered with.
type Failure struct{ Detail *Error }

// Error returns the public message.
func (f Failure) Error() string { return f.Detail.GetMessage() }

// Invoke runs one call: it sends start, serves the plugin's events and returns the result's JSON. A tool's own error is
// a [Failure]; any other error is a broken connection or process, as a gRPC status.
func Invoke(ctx context.Context, plugin ToolPluginClient, start *Start, events Events) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := plugin.Call(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	c := &conversation{stream: stream, events: events, open: map[uint32]context.CancelFunc{}}
	defer c.asks.Wait()
	defer cancel() // ends the stream whatever the plugin still does, and whoever is asked
	if err := c.answer(&CallRequest{Request: &CallRequest_Start{Start: start}}); err != nil && !errors.Is(err, io.EOF) {
		return nil, err // io.EOF: the reason is what Recv returns
	}
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the plugin ended the call without a result")
		}
		if err != nil {
			return nil, err
		}
		switch e := event.GetEvent().(type) {
		case *CallEvent_Result:
			return e.Result, nil
		case *CallEvent_Error:
			return nil, Failure{Detail: e.Error}
		}
		if err := c.serve(ctx, event); err != nil {
			return nil, err
		}
	}
}

// conversation is the host's side of one call's stream.
type conversation struct {
	stream ToolPlugin_CallClient
	events Events
	send   sync.Mutex // gRPC streams take one sender at a time

	asks    sync.WaitGroup
	asking  sync.Mutex // a person is asked one thing at a time
	waiting atomic.Int32

	opening sync.Mutex
	open    map[uint32]context.CancelFunc // by the questions' id
}

func (c *conversation) answer(request *CallRequest) error {
	c.send.Lock()
	defer c.send.Unlock()
	return c.stream.Send(request)
}

// serve answers one event, or passes it on.
func (c *conversation) serve(ctx context.Context, event *CallEvent) error {
	switch e := event.GetEvent().(type) {
	case *CallEvent_File:
		reply := adopt(ctx, c.events, e.File)
		reply.Id = e.File.GetId()
		if err := c.answer(&CallRequest{Request: &CallRequest_FileReply{FileReply: reply}}); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("answering the file hand-over: %w", err)
		}
	case *CallEvent_Claim:
		reply := c.claim(e.Claim)
		reply.Id = e.Claim.GetId()
		if err := c.answer(&CallRequest{Request: &CallRequest_ClaimReply{ClaimReply: reply}}); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("answering the claim: %w", err) // at io.EOF the call has ended, and what it said last is still to be read
		}
	case *CallEvent_Begun:
		tell(c.events.Begun, e.Begun) // before the answer, with which the tool runs
		reply := &CallRequest{Request: &CallRequest_BegunReply{BegunReply: &BegunReply{Id: e.Begun.GetId()}}}
		if err := c.answer(reply); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("answering that the call may begin: %w", err)
		}
	case *CallEvent_Ask:
		return c.begin(e.Ask)
	default:
		observe(c.events, event)
	}
	return nil
}

// claim grants a claim, which may ask a person, too. While a question is open it does not wait, because what the plugin
// says meanwhile would not be read.
func (c *conversation) claim(claim *Claim) *ClaimReply {
	c.opening.Lock()
	open := len(c.open)
	c.opening.Unlock()
	if open > 0 {
		return &ClaimReply{Reply: &ClaimReply_Error{Error: &Error{
			Code: "failed_precondition", Source: "plugin", Message: "a question of this call is open; claim when it is answered",
		}}}
	}
	c.asking.Lock() // for a question that was withdrawn and is about to end
	defer c.asking.Unlock()
	return grant(c.stream.Context(), c.events, claim) // which also ends with the plugin
}

// begin has the client asked beside what the call does next, or ends that.
func (c *conversation) begin(a *Ask) error {
	if a.GetWithdrawn() {
		c.withdraw(a.GetId())
		return nil
	}
	if c.waiting.Add(1) > maxAsks {
		return fmt.Errorf("more than %d questions of one call are open", maxAsks)
	}
	asked, withdraw := context.WithCancel(c.stream.Context()) // which also ends with the plugin
	c.opening.Lock()
	c.open[a.GetId()] = withdraw
	c.opening.Unlock()
	c.asks.Go(func() {
		defer c.withdraw(a.GetId())
		c.ask(asked, a)
	})
	return nil
}

// withdraw ends a question that is open.
func (c *conversation) withdraw(id uint32) {
	c.opening.Lock()
	defer c.opening.Unlock()
	if end := c.open[id]; end != nil {
		end()
		delete(c.open, id)
	}
}

// ask has the client asked. A reply that cannot be sent is no loss: the stream has ended, which Recv tells.
func (c *conversation) ask(ctx context.Context, a *Ask) {
	c.asking.Lock()
	defer c.asking.Unlock()
	defer c.waiting.Add(-1)
	if ctx.Err() != nil {
		return
	}
	reply := ask(ctx, c.events, a)
	if ctx.Err() != nil {
		return // nobody waits: the question was taken back, or the call has ended
	}
	reply.Id = a.GetId()
	c.withdraw(a.GetId()) // the plugin may claim as soon as it has the answer
	_ = c.answer(&CallRequest{Request: &CallRequest_AskReply{AskReply: reply}})
}

func adopt(ctx context.Context, events Events, file *File) *FileReply {
	if events.File == nil {
		return &FileReply{Reply: &FileReply_Error{Error: &Error{
			Code: "unimplemented", Source: "host", Message: "this host does not store files",
		}}}
	}
	return events.File(ctx, file)
}

func grant(ctx context.Context, events Events, claim *Claim) *ClaimReply {
	if events.Claim == nil {
		return &ClaimReply{Reply: &ClaimReply_Error{Error: &Error{
			Code: "unimplemented", Source: "host", Message: "this host keeps no journal of downloads that can be made only once",
		}}}
	}
	return events.Claim(ctx, claim)
}

func ask(ctx context.Context, events Events, a *Ask) *AskReply {
	if events.Ask == nil {
		return &AskReply{Error: &Error{
			Code: "failed_precondition", Source: "host", Message: "the client of this call cannot be asked anything",
		}}
	}
	return events.Ask(ctx, a)
}

func observe(events Events, event *CallEvent) {
	switch e := event.GetEvent().(type) {
	case *CallEvent_Progress:
		tell(events.Progress, e.Progress)
	case *CallEvent_Log:
		tell(events.Log, e.Log)
	case *CallEvent_Receiving:
		tell(events.Receiving, e.Receiving)
	case *CallEvent_Release:
		tell(events.Release, e.Release)
	case *CallEvent_Background:
		tell(events.Background, e.Background)
	case *CallEvent_CloudRequest:
		tell(events.CloudRequest, e.CloudRequest)
	case *CallEvent_Listing:
		tell(events.Listing, e.Listing)
	case *CallEvent_Updated:
		tell(events.Updated, e.Updated)
	}
}

func tell[E any](listener func(E), event E) {
	if listener != nil {
		listener(event)
	}
}
