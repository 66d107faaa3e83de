package supervisor

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

func checkMode(path string, _ os.FileInfo) (executable bool, problem error) {
	return strings.EqualFold(filepath.Ext(path), ".exe"), nil
}

func openToAll(os.FileInfo) bool { return false }

func notAProgram(err error) bool { return errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) }

func temporaryVariables() []string { return []string{"TMP", "TEMP"} }
