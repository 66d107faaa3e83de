// Command conformance lets the MCP conformance suite judge the real server with the conformance plugin, over HTTP and, through
// a gateway, over standard input and output:
//
//	go run ./conformance              writes docs/conformance.md
//	go run ./conformance -runs 3 -check   what continuous integration does: the page must not change
//	go run ./conformance -serve 127.0.0.1:3000   only the server, in the foreground
//
// The suite and the gateway come from npm; see package.json beside this file, and `make judges`. It ends with 0 when every
// scenario passes or fails as expected-failures.json says. Start reading at run.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// config is what the flags say.
type config struct {
	runs  int
	check bool
	serve string
	out   string // the folder of the suite's results and the servers' logs
	page  string // the generated page
	known string // the expected failures
	node  string // the folder with node_modules
	// command overrides how the server is started; nil is the real one.
	command func(http string) []string
}

func main() {
	var c config
	flag.IntVar(&c.runs, "runs", 1, "how often every scenario runs; the worst outcome counts")
	flag.BoolVar(&c.check, "check", false, "fail when the page would change, instead of writing it")
	flag.StringVar(&c.serve, "serve", "", "only start the server with the conformance plugin at this address, in the foreground")
	flag.StringVar(&c.out, "o", "bin/conformance/results", "folder for the suite's results and the servers' logs; it is emptied")
	flag.Parse()
	c.page, c.known, c.node = "docs/conformance.md", "conformance/expected-failures.json", "conformance"
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, c, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// run judges the server from the module's root, or only starts it.
func run(ctx context.Context, c config, out io.Writer) error {
	version := "unknown"
	if c.command == nil {
		built, err := build(ctx)
		if err != nil {
			return err
		}
		c.command, version = built.command, built.version
	}
	if c.serve != "" {
		return foreground(c.command(c.serve))
	}
	s, err := newSuite(ctx, c, version)
	if err != nil {
		return err
	}
	known, err := readKnown(c.known)
	if err != nil {
		return err
	}
	var all []leg
	for _, way := range []string{overHTTP, overStdio} {
		judged, err := s.judge(ctx, way, out)
		if err != nil {
			return fmt.Errorf("judging over %s: %w", way, err)
		}
		all = append(all, judged...)
	}
	return conclude(c, s.page(all, known), compare(all, known), out)
}
