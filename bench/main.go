// Command bench measures the server beside what would do the same work without it, in interleaved rounds on one machine:
//
//	go run ./bench            start to tools/list with the five plugins, and one call's median through a plugin, beside
//	                          an in-process mcp-go server
//	go run ./bench start      start to tools/list with 0, 5 and 50 plugins, that the host knows and that it sees first, beside an
//	                          in-process mcp-go server with the same tools
//	go run ./bench recover    the next call after kill -9 of an idle plugin, the answer of a call that is cut so, the next
//	                          call after that, and 16 calls of 200 ms at once
//	go run ./bench sandbox    the first call of a server and a large download, with the plugins' bounds and without
//	go run ./bench download   one call that downloads a large archive, synced and checksummed, beside curl and sync, and
//	                          the memory that host and plugin take for it
//
// Only the ratios carry over to other machines. Start reading at measureCalls, measureStart, measureRecovery, measureSandbox
// and measureDownload.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	what := ""
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		what, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("bench "+what, flag.ExitOnError)
	switch what {
	case "":
		rounds := flags.Int("rounds", 15, "how often each server is started")
		calls := flags.Int("calls", 400, "calls per round")
		_ = flags.Parse(args) // ends the process by itself
		return measureCalls(os.Stdout, *rounds, *calls)
	case "start":
		rounds := flags.Int("rounds", 21, "how often each server is started")
		_ = flags.Parse(args)
		return measureStart(os.Stdout, *rounds)
	case "recover":
		rounds := flags.Int("rounds", 100, "how often the plugin is killed, each way")
		_ = flags.Parse(args)
		return measureRecovery(os.Stdout, *rounds)
	case "sandbox":
		rounds := flags.Int("rounds", 9, "downloads, and first calls, of each side")
		size := flags.Int("size", 1<<30, "bytes of the archive")
		off := flags.String("off", "--sandbox off", "the server's flags for the side without bounds")
		dir := flags.String("dir", "", "where the files go for the moment; a temporary folder by default")
		_ = flags.Parse(args)
		return measureSandbox(os.Stdout, *rounds, *size, *off, *dir)
	case "download":
		rounds := flags.Int("rounds", 9, "downloads of each side")
		size := flags.Int("size", 1<<30, "bytes of the archive")
		dir := flags.String("dir", "", "where the files go for the moment; a temporary folder by default")
		_ = flags.Parse(args)
		return measureDownload(os.Stdout, *rounds, *size, *dir)
	case "cloud": // the server's process, which the download benchmark starts
		size := flags.Int("size", 0, "bytes of an archive")
		_ = flags.Parse(args)
		return serveCloud(os.Stdin, os.Stdout, *size)
	}
	return fmt.Errorf("there is no benchmark %q; leave it out, or use start, recover, sandbox or download", what)
}
