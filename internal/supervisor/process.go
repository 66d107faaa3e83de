package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// process is one run of a plugin, from its start to its end.
type process struct {
	child    *child
	client   *goplugin.Client
	link     link
	manifest sdk.Manifest
	raw      json.RawMessage // the manifest as it came
	printed  [2]*splitter    // what reaches os.Stdout and os.Stderr in the plugin
	gone     chan struct{}   // closed when the end has been dealt with
	quiet    chan struct{}   // closed when it leaves and its last call has ended
	heard    atomic.Int64    // when an event came last, in nanoseconds of Unix time
	hung     atomic.Bool     // it was killed because it gave no sign of life

	sandboxed bool

	// What follows is guarded by Plugin.mu.
	calls     int
	answered  bool // some call, since its start
	leaving   bool // it gets no more calls, and its end is no failure
	used      time.Time
	idle      *time.Timer // nil until it had no calls
	minder    *time.Timer // nil until it had a call
	minded    bool        // the minder's timer runs
	abandoned []abandoned // calls that were cancelled, the oldest first
	grace     *time.Timer // nil until one was
}

// link is a connection to a running plugin.
type link struct {
	pluginv1.ToolPluginClient
	conn *grpc.ClientConn
}

// newProcess readies go-plugin for one start; its clients cannot be used twice.
func newProcess(c *child, startTimeout time.Duration) *process {
	p := &process{
		child: c, gone: make(chan struct{}), quiet: make(chan struct{}),
		printed: [2]*splitter{{emit: c.relay.printed("stdout")}, {emit: c.relay.printed("stderr")}},
	}
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:          goplugin.PluginSet{pluginv1.ServiceName: hostSide{}},
		RunnerFunc:       c.adopt,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		SkipHostEnv:      true,
		StartTimeout:     2 * startTimeout, // ours ends first, and better explained
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: c.folder},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessageBytes), grpc.MaxCallSendMsgSize(pluginv1.MaxMessageBytes)),
			grpc.WithContextDialer(c.dial), grpc.WithChainStreamInterceptor(withoutBroker),
		},
		SyncStdout: p.printed[0], SyncStderr: p.printed[1],
		Logger: hclog.NewNullLogger(),
	})
	return p
}

// adopt is go-plugin's RunnerFunc. Of its command only the environment counts; the folder it made is not used, because
// ours is shorter and is removed whatever happens.
func (c *child) adopt(_ hclog.Logger, cmd *exec.Cmd, made string) (runner.Runner, error) {
	if err := os.Remove(made); err != nil {
		return nil, fmt.Errorf("removing go-plugin's folder: %w", err)
	}
	c.cmd.Env = append(environment(cmd.Env, c.folder), c.env...)
	return c, nil
}

// connect starts the process. The context's end kills it, which ends every wait of go-plugin.
func (p *process) connect(ctx context.Context) error {
	defer context.AfterFunc(ctx, p.child.kill)()
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense(pluginv1.ServiceName)
	if err != nil {
		return err
	}
	var ours bool
	if p.link, ours = raw.(link); !ours {
		return fmt.Errorf("go-plugin returned a %T", raw)
	}
	p.link.ToolPluginClient = hearing{p.link.ToolPluginClient, &p.heard}
	return nil
}

// describe asks the plugin what it is.
func (p *process) describe(ctx context.Context) error {
	defer context.AfterFunc(ctx, p.child.kill)()
	answer, err := p.link.Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		return fmt.Errorf("describing itself: %s", statusText(err))
	}
	p.raw = answer.GetManifest()
	if err := json.Unmarshal(p.raw, &p.manifest); err != nil {
		return fmt.Errorf("reading its description: %w", err)
	}
	return checkManifest(p.manifest)
}

// configure hands over what the plugin declared of the host's environment.
func (p *process) configure(ctx context.Context, values map[string]string) error {
	defer context.AfterFunc(ctx, p.child.kill)()
	if _, err := p.link.Configure(ctx, &pluginv1.ConfigureRequest{Environment: values}); err != nil {
		return fmt.Errorf("taking its configuration: %s", statusText(err))
	}
	return nil
}

// state says how the process ended, and of what. It is known once child.exited is closed.
func (p *process) state() string {
	if p.hung.Load() {
		return "it gave no sign of life and was killed"
	}
	if panicked := p.child.relay.firstPanic(); panicked != "" {
		return p.child.state() + ": " + panicked
	}
	return p.child.state()
}

// end ends the process if it still runs, and go-plugin's part with it.
func (p *process) end() {
	p.child.kill()
	p.client.Kill() // quick, for the process is as good as dead
	if p.child.ID() == "" {
		p.child.discard()
		return
	}
	<-p.child.exited
	for _, s := range p.printed {
		s.flush()
	}
}

var (
	manifestName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`) })
	variableName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
)

// checkManifest refuses what this package cannot work with; the tools are the host's business.
func checkManifest(m sdk.Manifest) error {
	if !manifestName().MatchString(m.Name) {
		return fmt.Errorf("its description has no usable name (%.70q): want lower-case letters, digits and hyphens", m.Name)
	}
	for _, v := range m.Permissions.Environment {
		if !variableName().MatchString(v.Name) {
			return fmt.Errorf("its description asks for %.70q, which is not the name of a variable", v.Name)
		}
	}
	return nil
}

// hostSide is go-plugin's hook for the service; only the client side is used in a host.
type hostSide struct {
	goplugin.NetRPCUnsupportedPlugin
}

// GRPCServer is never called in a host.
func (hostSide) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("a host is not a plugin")
}

// GRPCClient keeps the connection beside the client, for the health check.
func (hostSide) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return link{ToolPluginClient: pluginv1.NewToolPluginClient(conn), conn: conn}, nil
}
