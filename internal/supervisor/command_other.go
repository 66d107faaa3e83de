//go:build !linux

package supervisor

import (
	"context"
	"os/exec"

	"mcp-server/internal/pluginfolder"
)

// direct returns the command that runs a program by its path, which is looked at again once it runs.
func direct(program *pluginfolder.Program) (cmd *exec.Cmd, byPath bool) {
	return exec.CommandContext(context.Background(), program.Path), true
}
