package preview

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	maxProcessorSeconds = 30 // several times what the parent waits; for when nobody waits any more
	maxSpoolFile        = maxWorkbookXML + maxSpool
	maxOpenFiles        = 64
)

// childAttributes let the child die with its host.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

func boundResources(time bool) {
	set := func(resource int, soft, hard uint64) {
		_ = unix.Setrlimit(resource, &unix.Rlimit{Cur: soft, Max: hard}) // refused only above a bound that is stricter already
	}
	set(unix.RLIMIT_CORE, 0, 0)
	set(unix.RLIMIT_FSIZE, maxSpoolFile, maxSpoolFile)
	set(unix.RLIMIT_NOFILE, maxOpenFiles, maxOpenFiles)
	if time {
		set(unix.RLIMIT_CPU, maxProcessorSeconds, maxProcessorSeconds+5)
	}
	memory := dataInUse() + maxMemory
	set(unix.RLIMIT_DATA, memory, memory)
}

// dataInUse is what counts for RLIMIT_DATA already: the runtime reserves some at its start, the race detector very much.
func dataInUse() uint64 {
	const dataField = 5 // proc_pid_statm(5), in pages
	line, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(line))
	if len(fields) <= dataField {
		return 0
	}
	pages, err := strconv.ParseUint(fields[dataField], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
