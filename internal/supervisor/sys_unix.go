//go:build unix

package supervisor

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// maxFolderPath leaves room for "/<number>/plugin<number>" within the 104 bytes that macOS has for a socket's path.
const maxFolderPath = 78

// shortTempDir is the temporary folder, or /tmp when that is too long for sockets.
func shortTempDir(dir string) string {
	if len(dir)+30 > maxFolderPath { // the name of the private folder, generously
		return "/tmp"
	}
	return dir
}

// wasKilled reports whether the process ended by the signal that no program can catch.
func wasKilled(state *os.ProcessState) bool {
	if state == nil {
		return false
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func notAProgram(err error) bool { return errors.Is(err, syscall.ENOEXEC) }

// searchPath is where a script's interpreter is looked for.
func searchPath() []string {
	if runtime.GOOS == "darwin" {
		return []string{"PATH=/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin"}
	}
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin"}
}

func temporaryVariables() []string { return []string{"TMPDIR"} }
