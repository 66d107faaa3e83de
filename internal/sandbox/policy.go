// Package sandbox bounds what a plugin's process may do: its files, its connections, its system calls, its memory. On Linux a small
// launcher program sets the bounds on itself and then becomes the plugin; elsewhere there are none. Start reading at [Policy].
package sandbox

import (
	"os"
	"os/exec"
)

// Policy is all that a process may do.
type Policy struct {
	// Read are files and folders that it may read, and run programs from, beside the system's own.
	Read []string `json:"read"`
	// Write are folders in which it may do anything with files: its private folder, and those of calls.
	Write []string `json:"write"`
	// Connect is the one TCP port that it may connect to; zero: none.
	Connect uint16 `json:"connect"`
	// Memory bounds its data in bytes; zero: unbounded.
	Memory uint64 `json:"memory"`
}

// Support is what the kernel and the launcher can enforce here.
type Support struct {
	// Files, Network, Calls and Memory say what of a policy is enforced.
	Files, Network, Calls, Memory bool
	// Missing says why something is not, for people; empty when all is.
	Missing string
}

// Probe asks the launcher, by running it once, what it can enforce. An empty path is a launcher that is not there.
func Probe(launcher string) Support { return Support{Missing: "it is not built yet"} }

// Command is a process that the launcher bounds by the policy before it becomes the program. The process gets no other files than
// the three standard streams. The caller sets streams, folder, environment and attributes as of any command, and calls close after Start,
// whatever became of it.
func Command(launcher string, policy Policy, program *os.File, argv0 string) (cmd *exec.Cmd, closeAfterStart func(), err error) {
	return nil, nil, nil
}
