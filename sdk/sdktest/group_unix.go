//go:build unix

package sdktest

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a process that will start, and its children, into a group.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the process and its children.
func killGroup(command *exec.Cmd) { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
