package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"

	"github.com/mark3labs/mcp-go/server"
)

// BenchmarkStdio calls the echo tool over two pipes of the system, beside mcp-go's own server on standard input.
func BenchmarkStdio(b *testing.B) {
	serve := map[string]func(ctx context.Context, f *fixture, in io.Reader, out io.Writer) error{
		"ours": func(ctx context.Context, f *fixture, in io.Reader, out io.Writer) error {
			return newTestTransport(b, f.MCPServer, nil).ServeStdio(ctx, in, out)
		},
		"stock": func(ctx context.Context, f *fixture, in io.Reader, out io.Writer) error {
			s := server.NewStdioServer(f.MCPServer)
			server.WithWorkerPoolSize(64)(s)
			return s.Listen(ctx, in, out)
		},
	}
	for _, concurrent := range []int{1, 16, 64} {
		for _, name := range []string{"ours", "stock"} {
			b.Run(name+"/"+strconv.Itoa(concurrent), func(b *testing.B) { callOver(b, concurrent, serve[name]) })
		}
	}
}

// callOver keeps a number of calls in flight until all were answered.
func callOver(b *testing.B, concurrent int, serve func(context.Context, *fixture, io.Reader, io.Writer) error) {
	b.Helper()
	serverIn, in, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	out, serverOut, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(b.Context(), newFixture(), serverIn, serverOut) }()
	lines := bufio.NewScanner(out)
	_, _ = io.WriteString(in, hello)
	lines.Scan()
	b.ResetTimer()
	slots := make(chan struct{}, concurrent)
	go func() {
		for n := range b.N {
			slots <- struct{}{}
			_, _ = fmt.Fprintln(in, callLine(strconv.Itoa(n+1), "echo", `{"text":"hello"}`))
		}
	}()
	for range b.N {
		if !lines.Scan() {
			b.Error("the server has ended")
			break
		}
		<-slots
	}
	b.StopTimer()
	for _, end := range []io.Closer{in, serverOut, serverIn, out} {
		_ = end.Close()
	}
	if err := <-ended; err != nil && !errors.Is(err, os.ErrClosed) {
		b.Error(err)
	}
}
