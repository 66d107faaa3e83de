package supervisor

import (
	"context"
	"errors"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var errForeignPeer = errors.New("another process than the plugin listens where the plugin says that it does")

// dial connects to the plugin, and to nobody else that a link in its folder may lead to: the host may connect where a plugin may not.
func (c *child) dial(ctx context.Context, _ string) (net.Conn, error) {
	c.mu.Lock()
	network, address, leader := c.network, c.address, 0
	if c.live {
		leader = c.cmd.Process.Pid
	}
	c.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if c.bounded && !listensWithin(conn, leader) {
		_ = conn.Close()
		return nil, errForeignPeer
	}
	return conn, nil
}

// brokerMethod is go-plugin's way to open more connections, which is not used here. The library keeps what a plugin sends over it for
// ever, so that a plugin could fill the host's memory.
const brokerMethod = "/plugin.GRPCBroker/StartStream"

// withoutBroker opens every stream but the broker's.
func withoutBroker(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	if method == brokerMethod {
		return nil, status.Error(codes.Unimplemented, "the host opens no more connections")
	}
	return open(ctx, desc, conn, method, options...)
}
