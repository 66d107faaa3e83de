package launcher

import (
	"fmt"
	"runtime"
	"strings"

	"mcp-server/internal/sandbox"
)

// netVersion is the first version of Landlock that bounds TCP.
const netVersion = 4

// probe sets the bounds on this process, which ends right after, and says what came of it: a container may refuse what the kernel has.
func probe() sandbox.Support {
	var missing []string
	say := func(format string, args ...any) { missing = append(missing, fmt.Sprintf(format, args...)) }

	version := landlockVersion()
	switch {
	case version == 0:
		say("the kernel has no Landlock, or its boot line leaves it out: files and connections are not bounded")
	case version < netVersion:
		say("Landlock here cannot bound connections (ABI %d, they need %d: Linux 6.7)", version, netVersion)
	}
	calls := callsCanBeBounded()
	if !calls {
		say("the kernel or the launcher has no seccomp filter for %s: system calls are not bounded", runtime.GOARCH)
	}
	if err := bound(sandbox.Policy{Memory: sandbox.DefaultMemory}); err != nil {
		return sandbox.Support{Missing: err.Error()}
	}
	return sandbox.Support{Files: version > 0, Network: version >= netVersion && calls, Calls: calls, Memory: true, Missing: strings.Join(missing, "; ")}
}
