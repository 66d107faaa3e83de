//go:build unix && !linux

package supervisor

import "syscall"

// processAttributes has no parent-death signal to ask for: the pipe on the plugin's standard input does its work.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
