// Package launcher is the launcher's half of the sandbox: it reads an order, sets the bounds on its own process, and becomes the
// program. The bounds are Landlock (files, connections, signals), seccomp (system calls), resource limits and dropped
// capabilities; a process and its children cannot lift them. Start reading at [Run].
package launcher

// Failed is the exit code of a launcher that could not start the program; its reason is on standard error.
const Failed = 125
