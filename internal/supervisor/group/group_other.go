//go:build !linux

package group

import "os/exec"

// AwaitEnd returns when the process has ended; it reaps it, and leaves the state in cmd.
func AwaitEnd(cmd *exec.Cmd) { _ = cmd.Wait() }
