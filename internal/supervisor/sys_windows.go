package supervisor

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// maxFolderPath is no limit here: go-plugin listens on a loopback port.
const maxFolderPath = 1 << 15

func shortTempDir(dir string) string { return dir }

// wasKilled is never known here.
func wasKilled(*os.ProcessState) bool { return false }

func notAProgram(err error) bool { return errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) }

// searchPath is empty: there are no scripts with interpreters.
func searchPath() []string { return nil }

func temporaryVariables() []string { return []string{"TMP", "TEMP"} }
