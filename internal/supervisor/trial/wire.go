package trial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
)

// shake waits for the handshake and connects to what it names.
func (p *instance) shake(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.stdout.came:
	case <-p.exited:
		return p.describeEnd("before its handshake")
	case <-timer.C:
		return fmt.Errorf("no handshake came within %s; print 1|1|unix|<path below $PLUGIN_UNIX_SOCKET_DIR>|grpc| and a newline, and flush it", limit)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	target, err := targetOf(p.stdout.line, p.folder)
	if err != nil {
		return err
	}
	p.conn, err = grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessageBytes), grpc.MaxCallSendMsgSize(pluginv1.MaxMessageBytes)))
	if err != nil {
		return err
	}
	p.client = pluginv1.NewToolPluginClient(p.conn)
	if err := p.connect(ctx); err != nil {
		return err
	}
	p.wire.Go(p.readPrinted) // ends with the connection
	return nil
}

// targetOf reads a handshake, as gRPC's name of its address.
func targetOf(line, folder string) (string, error) {
	fields := strings.Split(line, "|")
	core, protocol, network, address, kind := fields[0], fields[1], fields[2], fields[3], fields[4]
	switch {
	case core != "1" || protocol != fmt.Sprint(pluginv1.ProtocolVersion):
		return "", fmt.Errorf("the handshake %s is of core version %s and protocol version %s; want 1 and 1", visible.Quote(line, noiseBytes), core, protocol)
	case kind != "grpc":
		return "", fmt.Errorf("the handshake says that it speaks %s; want grpc", visible.Quote(kind, noiseBytes))
	case len(fields) > 5 && fields[5] != "":
		return "", errors.New("the handshake has a certificate, but the host speaks plain gRPC; leave the sixth field empty")
	}
	host, _, err := net.SplitHostPort(address)
	switch {
	case network == "unix" && strings.HasPrefix(filepath.Clean(address), folder+string(filepath.Separator)):
		return "unix:" + address, nil
	case network == "tcp" && err == nil && net.ParseIP(host).IsLoopback():
		return "passthrough:///" + address, nil
	}
	return "", fmt.Errorf("it listens on %s %s; want a socket below the folder that $PLUGIN_UNIX_SOCKET_DIR names", network, visible.Quote(address, noiseBytes))
}

// connect waits for the connection.
func (p *instance) connect(ctx context.Context) error {
	p.conn.Connect()
	for {
		switch state := p.conn.GetState(); state {
		case connectivity.Ready:
			return nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			return errors.New("nobody answers at the address of its handshake; print the handshake after it listens")
		default:
			if !p.conn.WaitForStateChange(ctx, state) {
				return context.Cause(ctx)
			}
		}
	}
}

// readPrinted takes what the plugin prints where go-plugin reads it: nobody reading would block it. A plugin without that
// service is as good.
func (p *instance) readPrinted() {
	stream, err := p.conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, "/plugin.GRPCStdio/StreamStdio")
	if err != nil || stream.SendMsg(&emptypb.Empty{}) != nil || stream.CloseSend() != nil {
		return
	}
	for {
		piece := &emptypb.Empty{} // of go-plugin's type, which it does not export
		if stream.RecvMsg(piece) != nil {
			return
		}
		_, _ = p.printed.Write(dataOf(piece.ProtoReflect().GetUnknown()))
	}
}

// dataOf returns the field data, the second, of go-plugin's message StdioData.
func dataOf(message []byte) []byte {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil
		}
		message = message[n:]
		if number == 2 && kind == protowire.BytesType {
			data, _ := protowire.ConsumeBytes(message)
			return data
		}
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return nil
		}
		message = message[n:]
	}
	return nil
}

// serving asks the health service.
func (p *instance) serving(ctx context.Context) error {
	answer, err := grpc_health_v1.NewHealthClient(p.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	switch {
	case status.Code(err) == codes.Unimplemented:
		return errors.New(`there is no health service; serve grpc.health.v1.Health, and answer SERVING for the service "plugin"`)
	case err != nil:
		return fmt.Errorf("asking its health: %w", p.explain(ctx, err))
	case answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
		return fmt.Errorf(`the health service says %s; set "plugin" to SERVING once the tools can be called`, answer.GetStatus())
	}
	return nil
}

// askToEnd is what go-plugin sends before it kills.
func (p *instance) askToEnd(ctx context.Context) error {
	err := p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	if status.Code(err) == codes.Unavailable {
		return nil // it ended so quickly that its answer was lost
	}
	return err
}

// explain says why a request broke: the process ended, it hangs, or what gRPC says.
func (p *instance) explain(ctx context.Context, err error) error {
	code := status.Code(err)
	if code == codes.Unavailable || code == codes.Canceled || code == codes.Unknown {
		select {
		case <-p.exited:
			return p.describeEnd("meanwhile")
		case <-time.After(crashWait):
		case <-ctx.Done():
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if s, ok := status.FromError(err); ok {
		return fmt.Errorf("%s: %s", s.Code(), visible.Quote(s.Message(), wordsBytes))
	}
	return err
}
