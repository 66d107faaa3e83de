//go:build !linux

package launcher

import (
	"fmt"
	"io"
)

// Run says that there is nothing to launch here.
func Run(_ []string, _, stderr io.Writer) int {
	_, _ = fmt.Fprintln(stderr, "mcp-server-launcher: it bounds plugins on Linux only, and nothing starts it elsewhere")
	return Failed
}
