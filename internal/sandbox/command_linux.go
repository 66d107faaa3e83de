package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Command is a process that the launcher bounds by the policy before it becomes the program. The program is run by its descriptor, so it
// is the file that was opened and checked, whatever its name leads to by now. The process gets no other files than the three
// standard streams; a script keeps the one that its interpreter reads it from.
//
// The caller sets streams, folder, environment and attributes as of any command, and calls close after Start, whatever became of it; the
// program's file stays the caller's. An empty launcher runs the program by its descriptor without any bound.
func Command(launcher string, policy Policy, program *os.File, argv0 string) (cmd *exec.Cmd, closeAfterStart func(), err error) {
	if launcher == "" {
		return &exec.Cmd{Path: "/proc/self/fd/3", Args: []string{argv0}, ExtraFiles: []*os.File{program}}, func() {}, nil
	}
	order, err := orderFile(Order{Policy: policy, Argv0: argv0, Parent: os.Getpid()})
	if err != nil {
		return nil, nil, err
	}
	cmd = &exec.Cmd{Path: launcher, Args: []string{LauncherName, "run"}, ExtraFiles: []*os.File{order, program}}
	return cmd, func() { _ = order.Close() }, nil
}

// orderFile is a file in memory without a name: unlike a pipe it takes an order of any length before anybody reads.
func orderFile(order Order) (*os.File, error) {
	fd, err := unix.MemfdCreate("order", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making a file in memory for the launcher's order: %w", err)
	}
	file := os.NewFile(uintptr(fd), "order")
	if err := json.NewEncoder(file).Encode(order); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("writing the launcher's order: %w", err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("rewinding the launcher's order: %w", err)
	}
	return file, nil
}
