package supervisor

import (
	"math"

	"golang.org/x/sys/unix"
)

// limitProcess denies core dumps, which would hold the secrets that the plugin was given.
func limitProcess(pid int) {
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil) // the process may have ended already
}

// withholdFiles keeps the files that this process inherited from being inherited once more. Go marks its own, but what
// an editor or a shell left open would reach every plugin.
func withholdFiles() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // since Linux 5.11
}
