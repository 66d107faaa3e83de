package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"mcp-server/internal/pluginv1"
)

// Serve is the main function of a plugin binary. Started by a host it serves until the host ends it or goes away;
// `<plugin> describe` prints the manifest as JSON; `<plugin> debug` serves until it is interrupted, and prints what a server must
// be told to use that process; started in any other way it says how it is used. A mistake in the plugin's definition ends the
// process with a message that names it. Serve does not return.
func Serve(p Plugin) {
	os.Exit(run(p, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

func run(p Plugin, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := p.Validate(); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: the plugin is defined wrongly:\n%v\n", p.Name, err)
		return 1
	}
	switch {
	case len(args) == 1 && args[0] == "describe":
		return describe(p, stdout, stderr)
	case len(args) == 1 && args[0] == "debug":
		return serveForDebugger(p, stdout, stderr)
	case getenv(pluginv1.CookieKey) == pluginv1.CookieValue && len(args) == 0:
		if getenv(pluginv1.StdinWatchKey) == "1" {
			go exitWithHost(stdin) // ends with the process
		}
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t.Proxy = Proxy // net/http would go around it for hosts on loopback, where there is no way
		}
		serve(p, slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
		return 0
	}
	_, _ = fmt.Fprintf(stderr, `%s %s: %s
This is a plugin of mcp-server. Put it into the server's plugins folder; the server starts it.
To see what it offers: %s describe
To run it under a debugger: %s debug
`, p.Name, p.Version, p.Description, p.Name, p.Name)
	return 2
}

func describe(p Plugin, stdout, stderr io.Writer) int {
	m, err := p.Manifest()
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: describing the plugin: %v\n", p.Name, err)
		return 1
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: writing the description: %v\n", p.Name, err)
		return 1
	}
	return 0
}

// exitWithHost ends the process when the host's end of the standard input pipe closes, which happens however the host
// dies.
func exitWithHost(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin)
	os.Exit(0)
}

func serve(p Plugin, logger *slog.Logger) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.ProtocolVersion, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:    goplugin.PluginSet{pluginv1.ServiceName: &grpcPlugin{server: newServer(p, logger)}},
		GRPCServer: newGRPCServer,
		Logger:     hclog.NewNullLogger(),
	})
}

func newGRPCServer(options []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options,
		grpc.MaxRecvMsgSize(pluginv1.MaxMessageBytes), grpc.MaxSendMsgSize(pluginv1.MaxMessageBytes))...)
}

// ServeListener serves the plugin on a listener until the context ends: the same wire without a process, for tests.
func ServeListener(ctx context.Context, p Plugin, listener net.Listener, logger *slog.Logger) error {
	if err := p.Validate(); err != nil {
		return err
	}
	s := newGRPCServer(nil)
	pluginv1.RegisterToolPluginServer(s, newServer(p, logger))
	defer context.AfterFunc(ctx, s.Stop)()
	return s.Serve(listener)
}

// grpcPlugin is go-plugin's hook for the service; only the server side is used in a plugin.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

func (p *grpcPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pluginv1.RegisterToolPluginServer(s, p.server)
	return nil
}

func (p *grpcPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("a plugin is not a host")
}
