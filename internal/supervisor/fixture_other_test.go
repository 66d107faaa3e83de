//go:build unix && !linux

package supervisor

import (
	"errors"
	"syscall"
)

func forget() {}

func runHost() {}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func serveBounded() {}
