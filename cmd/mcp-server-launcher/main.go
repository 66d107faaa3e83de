// Command mcp-server-launcher bounds itself and becomes a plugin. The server starts it, on Linux; it is of no use to people, but for
//
//	mcp-server-launcher probe     what the kernel can enforce here, as JSON
//
// It is built without cgo: it starts faster, and Landlock's library needs no help with threads. Start reading at main.
package main

import (
	"os"

	"mcp-server/internal/sandbox/launcher"
)

func main() { os.Exit(launcher.Run(os.Args[1:], os.Stdout, os.Stderr)) }
