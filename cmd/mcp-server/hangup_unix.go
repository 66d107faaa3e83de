//go:build unix

package main

import (
	"os"
	"syscall"
)

// hangup is the signal at which the access file is read again.
var hangup os.Signal = syscall.SIGHUP
