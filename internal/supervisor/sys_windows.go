package supervisor

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// maxFolderPath is no limit here: go-plugin listens on a loopback port.
const maxFolderPath = 1 << 15

func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

func shortTempDir(dir string) string { return dir }

// killGroup kills the process alone: a job object that would take its children with it is not built yet.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// wasKilled is never known here.
func wasKilled(*os.ProcessState) bool { return false }

func notAProgram(err error) bool { return errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) }

// searchPath is empty: there are no scripts with interpreters.
func searchPath() []string { return nil }

func temporaryVariables() []string { return []string{"TMP", "TEMP"} }
