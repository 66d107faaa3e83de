package sdk

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"

	"mcp-server/internal/pluginv1"
)

// Call is one running call of a tool, a prompt or a resource: the way to report progress, to log, to ask, and to hand files
// over. It is safe for concurrent use and useless after the handler has returned.
type Call struct {
	id          string
	stagingDir  string
	traceParent string
	client      Client
	logger      *slog.Logger

	send    sync.Mutex // gRPC streams take one sender at a time
	stream  pluginv1.ToolPlugin_CallServer
	claimed atomic.Bool // there is a claim: what is in the folder may not be there a second time

	waiting sync.Mutex                            // guards what follows
	replies map[uint32]chan *pluginv1.CallRequest // who waits for which answer; nil once the stream has ended
	nextID  uint32
}

func newCall(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) *Call {
	c := &Call{
		id: start.GetCallId(), stagingDir: start.GetStagingDir(), traceParent: start.GetTraceParent(),
		client: Client{
			Elicit: start.GetClient().GetElicit(), Sample: start.GetClient().GetSample(),
			Roots: start.GetClient().GetRoots(), Tasks: start.GetClient().GetTasks(),
		},
		stream: stream, replies: map[uint32]chan *pluginv1.CallRequest{},
	}
	c.logger = slog.New(&callHandler{call: c})
	return c
}

// ID identifies the call in the host's log.
func (c *Call) ID() string { return c.id }

// Logger logs to the host, which adds the plugin, the tool and the call.
func (c *Call) Logger() *slog.Logger { return c.logger }

// Progress reports how far the call is. Done must not fall; a total of zero means that it is not known. A host that is
// gone is noticed by the context, so there is nothing to return.
func (c *Call) Progress(done, total float64, message string) {
	_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Progress{
		Progress: &pluginv1.Progress{Done: done, Total: total, Message: message},
	}})
}

func (c *Call) emit(event *pluginv1.CallEvent) error {
	c.send.Lock()
	defer c.send.Unlock()
	return c.stream.Send(event)
}

// receive passes the host's answers on until the stream ends. An answer that nobody waits for any more is dropped.
func (c *Call) receive() {
	for {
		request, err := c.stream.Recv()
		c.waiting.Lock()
		if err != nil {
			for _, reply := range c.replies {
				close(reply)
			}
			c.replies = nil
			c.waiting.Unlock()
			return
		}
		id := replyID(request)
		if reply, waits := c.replies[id]; waits {
			delete(c.replies, id)
			reply <- request // it has room for one
		}
		c.waiting.Unlock()
	}
}

func replyID(request *pluginv1.CallRequest) uint32 {
	switch r := request.GetRequest().(type) {
	case *pluginv1.CallRequest_FileReply:
		return r.FileReply.GetId()
	case *pluginv1.CallRequest_ClaimReply:
		return r.ClaimReply.GetId()
	case *pluginv1.CallRequest_AskReply:
		return r.AskReply.GetId()
	case *pluginv1.CallRequest_BegunReply:
		return r.BegunReply.GetId()
	}
	return 0 // which is nobody's
}

// ask sends the host a question and waits for its answer. Others may ask meanwhile: a person takes longer than a disk.
func (c *Call) ask(ctx context.Context, question func(id uint32) *pluginv1.CallEvent) (*pluginv1.CallRequest, error) {
	reply := make(chan *pluginv1.CallRequest, 1)
	c.waiting.Lock()
	if c.replies == nil {
		c.waiting.Unlock()
		return nil, c.hostGone()
	}
	c.nextID++
	id := c.nextID
	c.replies[id] = reply
	c.waiting.Unlock()
	defer func() {
		c.waiting.Lock()
		delete(c.replies, id)
		c.waiting.Unlock()
	}()
	if err := c.emit(question(id)); err != nil {
		return nil, c.hostGone()
	}
	select {
	case answer, open := <-reply:
		if !open {
			return nil, c.hostGone()
		}
		return answer, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin tells the host that the tool runs now, and returns when it knows. An event that was only sent can be lost with the
// process, and the host would send the call again.
func (c *Call) begin(ctx context.Context) error {
	_, err := c.ask(ctx, func(id uint32) *pluginv1.CallEvent {
		return &pluginv1.CallEvent{Event: &pluginv1.CallEvent_Begun{Begun: &pluginv1.Begun{Id: id}}}
	})
	return err
}

// hostGone says why the stream has ended: the call was cancelled, or the host went away.
func (c *Call) hostGone() error {
	if err := c.stream.Context().Err(); err != nil {
		return err
	}
	return &Error{Code: CodeUnavailable, Source: SourceHost, Message: "the host went away"}
}

// callHandler is a slog.Handler that sends records as log events of the call.
type callHandler struct {
	call  *Call
	attrs []slog.Attr
	group string
}

func (h *callHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *callHandler) Handle(_ context.Context, r slog.Record) error {
	attributes := map[string]any{}
	for _, a := range h.attrs {
		attributes[a.Key] = a.Value.Resolve().String()
	}
	r.Attrs(func(a slog.Attr) bool {
		attributes[h.group+a.Key] = a.Value.Resolve().String()
		return true
	})
	encoded, err := json.Marshal(attributes)
	if err != nil {
		return err
	}
	return h.call.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Log{
		Log: &pluginv1.Log{Level: int32(r.Level), Message: r.Message, Attributes: encoded},
	}})
}

func (h *callHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &callHandler{call: h.call, group: h.group, attrs: append([]slog.Attr{}, h.attrs...)}
	for _, a := range attrs {
		next.attrs = append(next.attrs, slog.Attr{Key: h.group + a.Key, Value: a.Value})
	}
	return next
}

func (h *callHandler) WithGroup(name string) slog.Handler {
	return &callHandler{call: h.call, attrs: h.attrs, group: h.group + name + "."}
}
