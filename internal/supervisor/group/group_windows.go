package group

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// Attributes are those of a process that gets no Ctrl-C of ours.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// Kill kills the process alone: a job object that would take its children with it is not built yet.
func Kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
