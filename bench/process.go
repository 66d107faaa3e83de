package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// watched is a process that Linux lets us look at through /proc.
type watched int

// childOf finds the child of a process by its program's name.
func childOf(parent int, name string) (watched, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		fields, ok := statFields(path)
		if !ok || len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && filepath.Base(program) == name {
			return watched(pid), nil
		}
	}
	return 0, fmt.Errorf("the process %d has no child %s; memory is read from /proc, so this needs Linux", parent, name)
}

// statFields are the fields of a stat file behind the program's name, which may hold anything: state, parent, …
func statFields(path string) ([]string, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])), true
}

// cpu is the processor time that the process has used, in ticks of a hundredth of a second.
func (w watched) cpu() time.Duration {
	fields, ok := statFields(fmt.Sprintf("/proc/%d/stat", w))
	if !ok || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory reads one of the sizes of the status file, such as VmRSS or VmHWM, in bytes.
func (w watched) memory(name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("the status of process %d has no %s", w, name)
}

// forgetPeak makes VmHWM begin anew, so that the start of a program does not count as its work.
func (w watched) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", w), []byte("5"), 0)
}

// about names the system, the machine and the compiler.
func about() string {
	return fmt.Sprintf("%s/%s, %d × %s, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), machine(), runtime.Version())
}

// machine names what the numbers were measured on.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // nothing to name on other systems
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}
