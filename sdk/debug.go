package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// reattachVariable is the server's setting that names plugins which run already, by the line that `<plugin> debug` prints.
const reattachVariable = "MCP_SERVER_REATTACH"

// attached tells a server where a plugin listens that somebody else has started.
type attached struct {
	PID     int    `json:"pid"`
	Network string `json:"network"`
	Address string `json:"address"`
}

// serveForDebugger serves the plugin until the process is interrupted, for a server that is told of it instead of starting it. So the process
// can run under a debugger, in its author's environment.
func serveForDebugger(p Plugin, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serveDebug(ctx, p, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return 1
	}
	return 0
}

// serveDebug prints where it serves, and serves until the context ends.
func serveDebug(ctx context.Context, p Plugin, stdout, stderr io.Writer) (err error) {
	listener, remove, err := listenPrivately(ctx)
	if err != nil {
		return fmt.Errorf("opening a socket: %w; set TMPDIR to a folder that can be written to", err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	where, err := json.Marshal(map[string]attached{
		p.Name: {PID: os.Getpid(), Network: listener.Addr().Network(), Address: listener.Addr().String()},
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "%s=%s\n", reattachVariable, where); err != nil {
		return fmt.Errorf("saying where it listens: %w", err)
	}
	_, _ = fmt.Fprintf(stderr, "%s serves until it is interrupted (Ctrl-C). Start the server with it in another terminal:\n\n    %s='%s' mcp-server serve\n\n",
		p.Name, reattachVariable, where)
	return ServeListener(ctx, p, listener, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// listenPrivately listens where only this user can connect: on a unix socket in a folder of its own, which remove removes. On
// Windows it is the loopback interface.
func listenPrivately(ctx context.Context) (listener net.Listener, remove func() error, err error) {
	var config net.ListenConfig
	if runtime.GOOS == "windows" {
		listener, err = config.Listen(ctx, "tcp", "127.0.0.1:0")
		return listener, func() error { return nil }, err
	}
	folder, err := os.MkdirTemp(shortTempDir(), "mcp-debug-") // of mode 0700
	if err != nil {
		return nil, nil, err
	}
	if listener, err = config.Listen(ctx, "unix", filepath.Join(folder, "plugin")); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(folder))
	}
	return listener, func() error { return os.RemoveAll(folder) }, nil
}

// shortTempDir is the temporary folder, or /tmp when that is too long for a socket's path, which has about 100 bytes.
func shortTempDir() string {
	if dir := os.TempDir(); len(dir) <= 70 {
		return dir
	}
	return "/tmp"
}
