//go:build unix && !linux

package group

import "syscall"

// Attributes are those of a process with a group of its own. There is no parent-death signal to ask for: the pipe on the
// plugin's standard input does its work.
func Attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
