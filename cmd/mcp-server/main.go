// Command mcp-server serves the tools of a folder of plugins over the Model Context Protocol. Start reading at
// newRootCommand.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version = "dev"

func main() {
	putOffCollection()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away must not end a download; writing tells of it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}
