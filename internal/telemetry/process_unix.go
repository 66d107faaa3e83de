//go:build unix

package telemetry

import "syscall"

// processorTime is what the process has used, in seconds.
func processorTime() (seconds float64, known bool) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, false
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9, true
}
