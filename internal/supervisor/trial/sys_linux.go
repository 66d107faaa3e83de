package trial

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"mcp-server/internal/supervisor/visible"
)

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
			found = append(found, fmt.Sprintf("%s (process %s)", visible.Quote(name[:end], 40), pid))
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
