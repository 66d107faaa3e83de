// Command mcp-server-preview is the bounded process in which mcp-server looks into one stored archive or workbook: the request
// is the argument, the file the standard input, the answer goes to the standard output. It is for the server, which finds
// it beside itself, not for people. Start reading at [mcp-server/internal/artifact/preview.Serve].
package main

import (
	"fmt"
	"os"

	"mcp-server/internal/artifact/preview"
	"mcp-server/internal/artifact/workbook"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mcp-server-preview:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("it takes one request, not %d arguments; mcp-server starts it", len(args))
	}
	return preview.Serve(args[0], os.Stdin, os.Stdout, open)
}

func open(path, tempDir string, unpacked int64) (preview.Workbook, error) {
	b, err := workbook.Open(path, tempDir, unpacked)
	if err != nil {
		return nil, err
	}
	return b, nil
}
