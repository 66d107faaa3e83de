package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"mcp-server/internal/pluginv1"
)

// Attached is a plugin that somebody else has started, such as a debugger with `<plugin> debug`. It is dialled instead of started,
// and is neither bounded, restarted nor stopped.
type Attached struct {
	PID     int    `json:"pid"`
	Network string `json:"network"` // unix or tcp
	Address string `json:"address"` // an absolute path, or an address and a port of the loopback interface
}

// ParseReattach reads plugins that run already, by name: what `<plugin> debug` prints behind MCP_SERVER_REATTACH=. The text may
// hold several; an empty one holds none.
func ParseReattach(text string) (map[string]Attached, error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	var all map[string]Attached
	err := decoder.Decode(&all)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more behind the object")
		}
	}
	if err != nil {
		return nil, fmt.Errorf(`reading which plugins run already: %w; want {"<name>":{"pid":1,"network":"unix","address":"/a/path"}}, as <plugin> debug prints it`, err)
	}
	for name, a := range all {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("reading where the plugin %.100q listens: %w", name, err)
		}
	}
	return all, nil
}

// check refuses what is not on this machine.
func (a Attached) check() error {
	switch a.Network {
	case "unix":
		if !filepath.IsAbs(a.Address) {
			return fmt.Errorf("the address %.200q is not an absolute path", a.Address)
		}
	case "tcp":
		host, _, err := net.SplitHostPort(a.Address)
		if err != nil || !net.ParseIP(host).IsLoopback() {
			return fmt.Errorf("the address %.200q is not one of the loopback interface with a port, such as 127.0.0.1:4000", a.Address)
		}
	default:
		return fmt.Errorf("the network %.50q is neither unix nor tcp", a.Network)
	}
	return nil
}

// dialAttached connects to a plugin that runs already, and asks for its description to see that it does. The caller closes the
// connection; the process stays.
func dialAttached(ctx context.Context, a Attached) (link, error) {
	if err := a.check(); err != nil {
		return link{}, err
	}
	conn, err := grpc.NewClient("passthrough:"+a.Address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessageBytes), grpc.MaxCallSendMsgSize(pluginv1.MaxMessageBytes)),
		grpc.WithAuthority("localhost"), // a path is none
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, a.Network, a.Address)
		}))
	if err != nil {
		return link{}, fmt.Errorf("connecting to the plugin at %s: %w", a.Address, err)
	}
	attached := link{ToolPluginClient: pluginv1.NewToolPluginClient(conn), conn: conn}
	if _, err := attached.Describe(ctx, &pluginv1.DescribeRequest{}); err != nil {
		_ = conn.Close()
		return link{}, fmt.Errorf("connecting to the plugin at %s, said to be process %d: %s; start it again with its argument debug, and take the line it prints", a.Address, a.PID, statusText(err))
	}
	return attached, nil
}
