package supervisor

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"mcp-server/internal/pluginfolder"
)

// direct returns the command that runs an opened program: the file itself, whatever its path leads to by now. A script's
// interpreter opens it once more, so it inherits the file.
func direct(program *pluginfolder.Program) (cmd *exec.Cmd, byPath bool) {
	cmd = exec.CommandContext(context.Background(), fmt.Sprintf("/proc/self/fd/%d", program.File.Fd()))
	if _, err := os.Stat(cmd.Path); err != nil { // there is no /proc
		return exec.CommandContext(context.Background(), program.Path), true
	}
	if isScript(program.File) {
		cmd.Path, cmd.ExtraFiles = "/proc/self/fd/3", []*os.File{program.File}
	}
	cmd.Args = []string{program.Path} // plugins look at their name
	return cmd, false
}

func isScript(file *os.File) bool {
	var begin [2]byte
	n, _ := file.ReadAt(begin[:], 0)
	return string(begin[:n]) == "#!"
}
