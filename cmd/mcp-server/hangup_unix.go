//go:build unix

package main

import (
	"os"
	"syscall"
)

// hangup is the signal at which the access file and the plugins folder are read again.
var hangup os.Signal = syscall.SIGHUP
