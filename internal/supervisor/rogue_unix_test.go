//go:build unix

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// rogue is a plugin that was not built with the SDK and keeps none of its promises. The tool's name says what to do.
type rogue struct {
	goplugin.NetRPCUnsupportedPlugin
	pluginv1.UnimplementedToolPluginServer
	manifest string
}

func serveRogue(manifest string) func() {
	return func() {
		goplugin.Serve(&goplugin.ServeConfig{
			HandshakeConfig: goplugin.HandshakeConfig{
				ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
			},
			Plugins:    goplugin.PluginSet{pluginv1.ServiceName: &rogue{manifest: manifest}},
			GRPCServer: goplugin.DefaultGRPCServer,
			Logger:     hclog.NewNullLogger(),
		})
	}
}

// serveUndescribed is a plugin that does not answer Describe.
func serveUndescribed() { serveRogue("")() }

func (r *rogue) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterToolPluginServer(s, r)
	return nil
}

func (r *rogue) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not a host")
}

func (r *rogue) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	if r.manifest == "" {
		return nil, status.Error(codes.FailedPrecondition, "nobody should have asked")
	}
	return &pluginv1.DescribeResponse{Manifest: []byte(r.manifest)}, nil
}

func (r *rogue) Configure(context.Context, *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	return &pluginv1.ConfigureResponse{}, nil
}

func (r *rogue) Call(stream pluginv1.ToolPlugin_CallServer) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	event := &pluginv1.CallEvent{}
	switch request.GetStart().GetTool() {
	case "greedy":
		event.Event = &pluginv1.CallEvent_Result{Result: []byte(strings.Repeat("g", 20<<20))}
	case "mute":
		return nil
	case "odd":
		return status.Error(codes.DataLoss, "hunter22 at https://h/p?x=1")
	case "blank":
		event.Event = &pluginv1.CallEvent_Error{Error: &pluginv1.Error{RetryAfterMs: -5}}
	case "escape":
		escape()
	}
	return stream.Send(event)
}

// escape ends the process but leaves one behind, in a session of its own, that holds every open file: the output pipes
// and the connection too.
func escape() {
	for fd := range 64 {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
	}
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Args = []string{"sleeper"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout, cmd.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintln(cmd.Stderr, "escaped as", cmd.Process.Pid)
	os.Exit(6)
}

const rogueManifest = `{"name":"rogue","permissions":{"environment":[{"name":"R","secret":true}]}}`

func TestRogueCalls(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{LookupEnv: env(map[string]string{"R": "hunter22"})})
	p := k.start("rogue")
	pid := p.Status().PID
	for tool, want := range map[string]struct {
		code    sdk.Code
		message string
	}{
		"greedy": {sdk.CodeResourceExhausted, "the result of greedy is larger than"},
		"mute":   {sdk.CodeInternal, "without a result"},
		"odd":    {sdk.CodeInternal, "[redacted] at https://h/p?[redacted]"},
		"blank":  {sdk.CodeUnknown, "answered with an error that has no message"},
	} {
		_, err := call(t.Context(), p, tool, none{})
		wantError(t, err, want.code, sdk.SourcePlugin, want.message)
		if sdk.AsError(err).RetryAfter != 0 {
			t.Errorf("%s: try again after %s", tool, sdk.AsError(err).RetryAfter)
		}
	}
	if p.Status().PID != pid {
		t.Error("the process was replaced")
	}
}

func TestDeathIsSeenThoughTheConnectionLives(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("rogue")
	within(t, patience, "the call", func() {
		_, err := call(t.Context(), p, "escape", none{})
		wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "exit status 6")
	})
	escaped := regexp.MustCompile(`escaped as (\d+)`).FindStringSubmatch(k.log.String())
	if escaped == nil {
		t.Fatal("nothing escaped, so this test shows nothing")
	}
	pid, err := strconv.Atoi(escaped[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("the escaped process did not live until now: %v", err)
	}
}

func TestRogueManifests(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"rogue_json": "reading its description",
		"rogue_name": "its description has no usable name (\"../x\")",
		"rogue_env":  `asks for "A=B", which is not the name of a variable`,
	} {
		k := newKit(t, Config{StartTimeout: 5 * time.Second})
		_, err := k.Plugin(pluginfolder.Binary{Name: name, Path: install(t, name)}, Known{}).Start(t.Context())
		wantError(t, err, sdk.CodeFailedPrecondition, sdk.SourcePlugin, "plugin "+name+" did not start", want)
	}
}
