//go:build !linux

package sandbox

import (
	"os"
	"os/exec"
)

// Command is the program by its name, unbounded: only Linux has the launcher. The caller sets streams, folder, environment and
// attributes as of any command, and calls close after Start.
func Command(_ string, _ Policy, program *os.File, argv0 string) (cmd *exec.Cmd, closeAfterStart func(), err error) {
	return &exec.Cmd{Path: program.Name(), Args: []string{argv0}}, func() {}, nil
}
