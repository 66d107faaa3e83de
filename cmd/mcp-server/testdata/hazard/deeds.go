package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"mcp-server/sdk"
)

func sleep(ctx context.Context, call *sdk.Call, in number) (answer, error) {
	call.Progress(0, 0, "sleeping")
	select {
	case <-time.After(time.Duration(in.N) * time.Millisecond):
		return done("slept"), nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// post must not be done twice: somebody counts.
func post(ctx context.Context, call *sdk.Call, in text) (answer, error) {
	call.Progress(0, 0, "posting")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("HAZARD_URL")+"/"+in.Text, nil)
	if err != nil {
		return answer{}, err
	}
	return do(r)
}

func fetch(ctx context.Context, _ *sdk.Call, in text) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, in.Text, nil)
	if err != nil {
		return answer{}, err
	}
	return do(r)
}

func do(r *http.Request) (answer, error) {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return done("failed: " + err.Error()), nil
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	return done(response.Status + " " + string(body)), err
}

// connect goes around the proxy.
func connect(ctx context.Context, _ *sdk.Call, in text) (answer, error) {
	network, address, _ := strings.Cut(in.Text, ":")
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return done("refused: " + err.Error()), nil
	}
	return done("connected"), conn.Close()
}

func panicAside(ctx context.Context, _ *sdk.Call, _ number) (answer, error) {
	go panic("in a goroutine")
	<-ctx.Done()
	return answer{}, ctx.Err()
}

// fork leaves a child that ignores what can be ignored, tries to leave the process group, and has the plugin's pipes.
func fork(ctx context.Context, _ *sdk.Call, _ number) (answer, error) {
	child := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", `trap "" TERM INT HUP; (setsid sleep 1000 || sleep 1000) & while :; do sleep 1; done`)
	child.Stdout, child.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	if err := child.Start(); err != nil {
		return done("refused: " + err.Error()), nil
	}
	return done(fmt.Sprint(child.Process.Pid)), nil
}

func stopSelf(ctx context.Context, call *sdk.Call, _ number) (answer, error) {
	call.Progress(0, 0, "stopping")
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-ctx.Done()
	return answer{}, ctx.Err()
}

func eat(_ context.Context, _ *sdk.Call, in number) (answer, error) {
	var eaten [][]byte
	for range in.N {
		piece := make([]byte, 1<<20)
		for i := range piece {
			piece[i] = byte(i)
		}
		eaten = append(eaten, piece)
	}
	return done(fmt.Sprintf("ate %d MiB", len(eaten))), nil
}

// flood writes lines with control characters to the real standard error.
func flood(_ context.Context, _ *sdk.Call, in number) (answer, error) {
	out := os.NewFile(2, "stderr")
	line := []byte("\x1b[31mflood\r " + strings.Repeat("x", 1000) + "\n")
	for range in.N << 10 {
		if _, err := out.Write(line); err != nil {
			return answer{}, err
		}
	}
	return done("written"), nil
}

func read(_ context.Context, _ *sdk.Call, in text) (answer, error) {
	path := in.Text
	if path == "the host's environment" {
		path = fmt.Sprintf("/proc/%d/environ", os.Getppid())
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return done("missing"), nil
	}
	if err != nil {
		return done("refused: " + err.Error()), nil
	}
	return done("read: " + string(content[:min(len(content), 1000)])), nil
}
