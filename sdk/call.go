package sdk

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"

	"mcp-server/internal/pluginv1"
)

// Call is one running call of a tool: the way to report progress, to log, and to hand files over. It is safe for
// concurrent use and useless after the handler has returned.
type Call struct {
	id          string
	stagingDir  string
	traceParent string
	client      Client
	logger      *slog.Logger

	send    sync.Mutex // gRPC streams take one sender at a time
	stream  pluginv1.ToolPlugin_CallServer
	replies chan *pluginv1.CallRequest
	claimed atomic.Bool // there is a claim: what is in the folder may not be there a second time
	asking  sync.Mutex  // questions are one at a time, so that replies need no table
	nextID  uint32
}

func newCall(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) *Call {
	c := &Call{
		id: start.GetCallId(), stagingDir: start.GetStagingDir(), traceParent: start.GetTraceParent(),
		client: Client{
			Elicit: start.GetClient().GetElicit(), Sample: start.GetClient().GetSample(),
			Roots: start.GetClient().GetRoots(), Tasks: start.GetClient().GetTasks(),
		},
		stream: stream, replies: make(chan *pluginv1.CallRequest, 1),
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

// receive passes the host's answers on until the stream ends.
func (c *Call) receive() {
	defer close(c.replies)
	for {
		request, err := c.stream.Recv()
		if err != nil {
			return
		}
		select {
		case c.replies <- request:
		case <-c.stream.Context().Done():
			return
		}
	}
}

// ask sends the host a question and waits for its answer. The answer to an earlier question, whose caller gave up waiting,
// is passed over.
func (c *Call) ask(ctx context.Context, question func(id uint32) *pluginv1.CallEvent) (*pluginv1.CallRequest, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	c.nextID++
	id := c.nextID
	if err := c.emit(question(id)); err != nil {
		return nil, err
	}
	for {
		select {
		case reply, open := <-c.replies:
			if !open {
				return nil, &Error{Code: CodeUnavailable, Source: SourceHost, Message: "the host went away"}
			}
			if reply.GetFileReply().GetId() == id || reply.GetClaimReply().GetId() == id || reply.GetAskReply().GetId() == id {
				return reply, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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
