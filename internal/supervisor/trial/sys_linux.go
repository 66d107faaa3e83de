package trial

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitEnd returns when the process has ended and leaves it unreaped, so that its group's id stays its own.
func awaitEnd(cmd *exec.Cmd) {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// members names the other processes of the group that run.
func members(cmd *exec.Cmd) []string {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	var found []string
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, name, ok := strings.Cut(string(text), " (")
		end := strings.LastIndex(name, ") ") // a name may hold anything
		if !ok || end < 0 {
			continue
		}
		fields := strings.Fields(name[end+2:]) // state, parent, group
		if len(fields) > 2 && fields[0] != "Z" && fields[2] == strconv.Itoa(cmd.Process.Pid) && pid != fields[2] {
			found = append(found, fmt.Sprintf("%s (process %s)", visible(name[:end], 40), pid))
		}
	}
	return found
}

// peakMemory is the most that the process has had resident, in bytes; zero when that is not known.
func peakMemory(cmd *exec.Cmd) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(value)), " kB"), 10, 64) // the kernel's own
			return kib << 10
		}
	}
	return 0
}
