package launcher

import (
	"fmt"

	"golang.org/x/sys/unix"

	"mcp-server/internal/sandbox"
)

// maxOpenFiles is enough for a thousand calls at once, and no burden for the kernel.
const maxOpenFiles = 4096

// boundResources denies core dumps, which would hold the secrets that the plugin was given, and too many open files.
func boundResources(sandbox.Policy) error {
	if err := lower(unix.RLIMIT_CORE, 0); err != nil {
		return fmt.Errorf("denying core dumps: %w", err)
	}
	if err := lower(unix.RLIMIT_NOFILE, maxOpenFiles); err != nil {
		return fmt.Errorf("bounding open files: %w", err)
	}
	return nil
}

func boundMemory(policy sandbox.Policy) error {
	if policy.Memory == 0 {
		return nil
	}
	if err := lower(unix.RLIMIT_DATA, policy.Memory); err != nil {
		return fmt.Errorf("bounding memory: %w", err)
	}
	return nil
}

// lower sets both limits of a resource, and leaves a stricter one as it is.
func lower(resource int, to uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	to = min(to, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: to, Max: to})
}

// keptCapabilities let a plugin of a server that runs as root meet files as root does; which files those are, Landlock says.
const keptCapabilities = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_FOWNER

// dropCapabilities takes root's powers over the system, such as raising its own limits. With no-new-privileges set, becoming a
// program does not bring them back (capabilities(7)).
func dropCapabilities(sandbox.Policy) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("reading the capabilities: %w", err)
	}
	data[0].Permitted &= keptCapabilities
	data[0].Effective &= keptCapabilities
	data[0].Inheritable = 0
	data[1] = unix.CapUserData{}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("dropping capabilities: %w", err)
	}
	return nil // ambient ones are gone with the inheritable ones
}
