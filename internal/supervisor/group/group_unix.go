//go:build unix

package group

import (
	"os/exec"
	"syscall"
)

// Kill kills the process and all that it started, stopped ones too. The process must not have been reaped, but by AwaitEnd.
func Kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
