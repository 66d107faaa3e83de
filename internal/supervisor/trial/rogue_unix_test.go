//go:build unix

package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// rogue is a plugin that was not built with the SDK. Without hooks it is a good one.
type rogue struct {
	goplugin.NetRPCUnsupportedPlugin
	pluginv1.UnimplementedToolPluginServer
	manifest  func() string
	call      func(pluginv1.ToolPlugin_CallServer, *pluginv1.Start) error
	configure func() error
	drain     func() error
	running   func() error
	after     func()
	server    func([]grpc.ServerOption) *grpc.Server
}

// rogueKinds are the bad plugins that the SDK would not let be.
func rogueKinds() map[string]func() {
	return map[string]func(){
		"raw":      rogue{}.serve,
		"moody":    rogue{manifest: func() string { return described(fmt.Sprint(time.Now().UnixNano()), schemaOfText) }}.serve,
		"schema":   rogue{manifest: func() string { return described("1", `{"type":"object","properties":{"a":{"pattern":"("}}}`) }}.serve,
		"untyped":  rogue{manifest: func() string { return described("1", `{"type":"array"}`) }}.serve,
		"nameless": rogue{manifest: func() string { return strings.Replace(described("1", `{"type":"object"}`), "rogue", "../x", 1) }}.serve,
		"garbage":  rogue{manifest: func() string { return "{" }}.serve,
		"default":  rogue{server: goplugin.DefaultGRPCServer}.serve,
		"demands":  rogue{configure: func() error { return status.Error(codes.InvalidArgument, "there is no token") }}.serve,
		"fragile": rogue{call: func(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) error {
			if !json.Valid(start.GetArguments()) {
				panic("that is no JSON")
			}
			return answer(stream, start)
		}}.serve,
		"gullible": rogue{call: func(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) error {
			if start.GetTool() == "do" {
				start.Arguments = []byte("{}")
			}
			return answer(stream, start)
		}}.serve,
		"lies": rogue{call: func(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) error {
			if err := handOver(stream, start); err != nil {
				return err
			}
			return answer(stream, start)
		}}.serve,
		"hasty": rogue{manifest: func() string {
			text := strings.Replace(described("1", schemaOfText), `"name":"rogue"`, `"name":"rogue","acknowledges":true`, 1)
			return strings.Replace(text, `"hints":{"read_only":true,"idempotent":true}`, `"hints":{}`, 1)
		}}.serve,
		"vague":   rogue{running: func() error { return status.Error(codes.Unimplemented, "what?") }}.serve,
		"leaving": rogue{drain: func() error { time.AfterFunc(50*time.Millisecond, die); return nil }}.serve,
		"stays":   rogue{after: func() { time.Sleep(time.Hour) }}.serve,
		"open":    rogue{drain: func() error { return nil }}.serve,
	}
}

// die ends the process at once, also under the race detector.
func die() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }

const schemaOfText = `{"type":"object","properties":{"text":{"type":"string","description":"A text."}},"additionalProperties":false}`

// described is a manifest of one tool that takes what the schema says.
func described(version, schema string) string {
	return fmt.Sprintf(`{"name":"rogue","version":%q,"description":"Does what tests need.","permissions":{},"tools":[{"name":"do",`+
		`"title":"Do","description":"Does what the tests of the trial need of a tool, and nothing else.","stores_files":true,`+
		`"hints":{"read_only":true,"idempotent":true},"input_schema":%s,"output_schema":%s}]}`, version, schema, schemaOfText)
}

func (r rogue) serve() {
	if r.manifest == nil {
		r.manifest = func() string { return described("1", schemaOfText) }
	}
	switch {
	case len(os.Args) == 2 && os.Args[1] == "describe":
		fmt.Println(r.manifest())
		return
	case !hosted():
		_, _ = fmt.Fprintln(os.Stderr, "This is a plugin.")
		os.Exit(2)
	}
	go func() { _, _ = os.Stdin.Read(make([]byte, 1)); os.Exit(0) }()
	if r.server == nil {
		r.server = func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(pluginv1.MaxMessageBytes))...)
		}
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:    goplugin.PluginSet{pluginv1.ServiceName: &served{rogue: r}},
		GRPCServer: r.server,
		Logger:     hclog.NewNullLogger(),
	})
	if r.after != nil {
		r.after()
	}
}

// served is a rogue with what it remembers.
type served struct {
	rogue
	drained bool // set before the next call, by the trial's order of things
}

func (s *served) GRPCServer(_ *goplugin.GRPCBroker, g *grpc.Server) error {
	pluginv1.RegisterToolPluginServer(g, s)
	return nil
}

func (s *served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not a host")
}

func (s *served) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return &pluginv1.DescribeResponse{Manifest: []byte(s.manifest())}, nil
}

func (s *served) Configure(context.Context, *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	if s.configure != nil {
		return nil, s.configure()
	}
	return &pluginv1.ConfigureResponse{}, nil
}

func (s *served) Running(context.Context, *pluginv1.RunningRequest) (*pluginv1.RunningResponse, error) {
	if s.running != nil {
		return nil, s.running()
	}
	return &pluginv1.RunningResponse{}, nil
}

func (s *served) Drain(context.Context, *pluginv1.DrainRequest) (*pluginv1.DrainResponse, error) {
	if s.drain != nil {
		return &pluginv1.DrainResponse{}, s.drain()
	}
	s.drained = true
	return &pluginv1.DrainResponse{}, nil
}

func (s *served) Call(stream pluginv1.ToolPlugin_CallServer) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	start := request.GetStart()
	switch {
	case start.GetTool() != "do":
		return status.Error(codes.NotFound, "there is no such tool")
	case s.drained:
		return status.Error(codes.Unavailable, "the plugin is stopping")
	case s.call != nil:
		return s.call(stream, start)
	}
	return answer(stream, start)
}

// answer returns the arguments.
func answer(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) error {
	if !json.Valid(start.GetArguments()) {
		return stream.Send(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Error{Error: &pluginv1.Error{
			Code: string(sdk.CodeInvalidArgument), Source: string(sdk.SourceArgument), Message: "that is no JSON",
		}}})
	}
	return stream.Send(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Result{Result: start.GetArguments()}})
}

// handOver hands over a file whose checksum is wrong.
func handOver(stream pluginv1.ToolPlugin_CallServer, start *pluginv1.Start) error {
	if err := os.WriteFile(start.GetStagingDir()+"/file", []byte("content"), 0o600); err != nil {
		return err
	}
	err := stream.Send(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_File{File: &pluginv1.File{
		Id: 1, Path: "file", Name: "file", Size: 7, Sha256: make([]byte, 32), Source: []byte("{}"),
	}}})
	if err != nil {
		return err
	}
	_, err = stream.Recv()
	return err
}
