// Package sandbox bounds what a plugin's process may do: its files, its connections, its system calls, its memory. On Linux a small
// launcher program sets the bounds on itself and then becomes the plugin; elsewhere there are none. The launcher's half is in the
// folder launcher, so that a host links neither Landlock nor seccomp. Start reading at [Policy].
package sandbox

// LauncherName is the launcher's file name, beside the server's.
const LauncherName = "mcp-server-launcher"

// DefaultMemory is a bound that Go and Node plugins work well under. The kernel counts private memory that may be written, touched or
// not, and what a runtime gives back still counts: before it does anything a Go plugin has 40 MiB and Node 50. A Go plugin is given three
// quarters of its bound as GOMEMLIMIT, so that it collects garbage before it ends for want of memory.
const DefaultMemory = 1 << 30

// Policy is all that a process may do.
type Policy struct {
	// Read are files and folders that it may read, and run programs from, beside the system's own. What is not there is left out.
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
	Files   bool `json:"files"`
	Network bool `json:"network"`
	Calls   bool `json:"calls"`
	Memory  bool `json:"memory"`
	// Missing says why something is not, for people; empty when all is.
	Missing string `json:"missing,omitempty"`
}

// Order is what the launcher is told, on its descriptor 3; the program to become is its descriptor 4.
type Order struct {
	Policy Policy `json:"policy"`
	// Argv0 is the name that the program is given, and shown by.
	Argv0 string `json:"argv0"`
	// Parent is the process that gave the order. Without it there is nobody to run the program for.
	Parent int `json:"parent"`
}
