package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
)

// server is the plugin's side of the wire.
type server struct {
	pluginv1.UnimplementedToolPluginServer
	plugin   Plugin
	manifest func() ([]byte, error)
	setenv   func(name, value string) error
	logger   *slog.Logger
	handlers map[key]handler
	drained  chan struct{} // closed once the host asks to drain
	drain    func()

	mu      sync.Mutex
	running map[string]bool // by the call's id
}

func newServer(p Plugin, logger *slog.Logger) *server {
	s := &server{plugin: p, setenv: os.Setenv, logger: logger, handlers: handlersOf(p), drained: make(chan struct{}), running: map[string]bool{}}
	s.drain = sync.OnceFunc(func() { close(s.drained) })
	s.manifest = sync.OnceValues(func() ([]byte, error) {
		m, err := p.Manifest()
		if err != nil {
			return nil, err
		}
		return json.Marshal(m)
	})
	return s
}

// key is what a call or a completion can be of.
type key struct {
	kind pluginv1.Kind
	name string
}

// handler runs one tool, prompt or resource.
type handler struct {
	run         func(ctx context.Context, call *Call, arguments []byte) ([]byte, error)
	complete    Completers
	acknowledge bool // it must not run twice, so the host is told before it runs
}

func handlersOf(p Plugin) map[key]handler {
	all := map[key]handler{}
	for _, t := range p.Tools {
		all[key{pluginv1.Kind_KIND_TOOL, t.spec.Name}] = handler{t.invoke, t.spec.Complete, !t.spec.Hints.ReadOnly && !t.spec.Hints.Idempotent}
	}
	for _, prompt := range p.Prompts {
		all[key{pluginv1.Kind_KIND_PROMPT, prompt.spec.Name}] = handler{run: prompt.get, complete: prompt.spec.Complete}
	}
	for _, r := range p.Resources {
		all[key{pluginv1.Kind_KIND_RESOURCE, r.URI}] = handler{run: r.read, complete: r.Complete}
	}
	return all
}

// kindNames are the words for what can be called.
var kindNames = map[pluginv1.Kind]string{
	pluginv1.Kind_KIND_TOOL: "tool", pluginv1.Kind_KIND_PROMPT: "prompt", pluginv1.Kind_KIND_RESOURCE: "resource",
}

// completers returns the completers of a tool, prompt or resource.
func (s *server) completers(kind pluginv1.Kind, name string) (completers Completers, known bool) {
	h, known := s.handlers[key{kind, name}]
	return h.complete, known
}

func (s *server) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	manifest, err := s.manifest()
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	return &pluginv1.DescribeResponse{Manifest: manifest}, nil
}

// Configure puts the declared variables into this process, where os.Getenv and every library find them. They were not
// there at the start, so /proc/<pid>/environ does not show them.
func (s *server) Configure(_ context.Context, r *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	for _, declared := range s.plugin.Permissions.Environment {
		value, given := r.GetEnvironment()[declared.Name]
		if !given {
			continue
		}
		if err := s.setenv(declared.Name, value); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "setting %s: %v", declared.Name, err)
		}
	}
	return &pluginv1.ConfigureResponse{}, nil
}

func (s *server) Drain(context.Context, *pluginv1.DrainRequest) (*pluginv1.DrainResponse, error) {
	s.drain()
	return &pluginv1.DrainResponse{}, nil
}

// Complete answers for one argument.
func (s *server) Complete(ctx context.Context, r *pluginv1.CompleteRequest) (*pluginv1.CompleteResponse, error) {
	completers, known := s.completers(r.GetKind(), r.GetName())
	if !known {
		return nil, status.Errorf(codes.NotFound, "there is no %q", r.GetName())
	}
	complete := completers[r.GetArgument()]
	if complete == nil {
		return &pluginv1.CompleteResponse{}, nil
	}
	values, err := s.complete(ctx, complete, Completion{Argument: r.GetArgument(), Value: r.GetValue(), Arguments: r.GetArguments()})
	if err != nil {
		return nil, status.Error(codes.Unavailable, AsError(err).Message)
	}
	values = matching(values, r.GetValue())
	total := len(values)
	return &pluginv1.CompleteResponse{
		Values: values[:min(total, maxCompletions)], Total: int32(total), More: total > maxCompletions,
	}, nil
}

func (s *server) Call(stream pluginv1.ToolPlugin_CallServer) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	start := request.GetStart()
	if start == nil {
		return status.Error(codes.InvalidArgument, "the first message of a call must be start")
	}
	handler, known := s.handlers[key{start.GetKind(), start.GetTool()}]
	if !known {
		return status.Errorf(codes.NotFound, "there is no %q", start.GetTool())
	}
	select {
	case <-s.drained:
		return status.Error(codes.Unavailable, "the plugin is stopping")
	default:
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	go s.cancelOnDrain(ctx, cancel) // ends with the call
	call := newCall(stream, start)
	go call.receive() // ends with the stream, which ends when this function returns
	defer s.enter(call.ID())()
	if handler.acknowledge {
		if err := call.begin(ctx); err != nil {
			return err
		}
	}
	result, err := s.run(ctx, handler, call, start)
	if err != nil {
		return call.emit(s.failure(call, start.GetTool(), err))
	}
	return call.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Result{Result: result}})
}

// Running names the calls that have not ended.
func (s *server) Running(context.Context, *pluginv1.RunningRequest) (*pluginv1.RunningResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &pluginv1.RunningResponse{CallIds: slices.Sorted(maps.Keys(s.running))}, nil
}

// enter notes a call as running, and returns what ends that.
func (s *server) enter(id string) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[id] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, id)
	}
}

func (s *server) cancelOnDrain(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-s.drained:
		cancel()
	case <-ctx.Done():
	}
}

// run recovers a panicking handler, so that one bad call does not take the others with it.
func (s *server) run(ctx context.Context, h handler, call *Call, start *pluginv1.Start) (result []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.logger.Error("the tool panicked", "kind", kindNames[start.GetKind()], "tool", start.GetTool(), "call", call.ID(),
				"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = &Error{
				Code: CodeInternal, Source: SourcePlugin,
				Message: fmt.Sprintf("the %s %s broke on this call (its log has the details under call %s); other calls are not affected",
					kindNames[start.GetKind()], start.GetTool(), call.ID()),
			}
		}
	}()
	return h.run(ctx, call, start.GetArguments())
}

// failure turns the handler's error into the wire's, and its private cause into a log line.
func (s *server) failure(call *Call, tool string, err error) *pluginv1.CallEvent {
	e := AsError(err)
	if e.Cause != nil {
		call.Logger().Debug("the tool failed", "tool", tool, "code", string(e.Code), "cause", e.Cause.Error())
	}
	return &pluginv1.CallEvent{Event: &pluginv1.CallEvent_Error{Error: errorToWire(e)}}
}
