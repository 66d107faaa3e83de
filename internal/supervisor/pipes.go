package supervisor

import (
	"os"
	"strconv"
	"strings"

	goplugin "github.com/hashicorp/go-plugin"

	"mcp-server/internal/pluginv1"
)

// openPipes makes the pipes of standard input, output and error. They are files rather than what exec.Cmd would copy
// through, so that waiting for the process never waits for a pipe.
func openPipes() (ours, theirs []*os.File, err error) {
	for i := range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours)
			closeAll(theirs)
			return nil, nil, err
		}
		if i == 0 {
			r, w = w, r
		}
		ours, theirs = append(ours, r), append(theirs, w)
	}
	return ours, theirs, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// memoryLimit tells Go's garbage collector of the bound, so that it tries harder before the end.
func memoryLimit(bound uint64) []string {
	if bound == 0 {
		return nil
	}
	return []string{"GOMEMLIMIT=" + strconv.FormatUint(bound/4*3, 10)}
}

// environment returns all that a process finds in its environment: what go-plugin tells it, with the private folder as
// the place of the socket, our own wire's part, and where programs of the system are. There is no HOME unless the plugin
// declares it.
func environment(fromGoPlugin []string, folder string) []string {
	env := append(searchPath(),
		goplugin.EnvUnixSocketDir+"="+folder,
		pluginv1.StdinWatchKey+"=1",
	)
	for _, name := range temporaryVariables() {
		env = append(env, name+"="+folder)
	}
	for _, entry := range fromGoPlugin {
		if !strings.HasPrefix(entry, goplugin.EnvUnixSocketDir+"=") {
			env = append(env, entry)
		}
	}
	return env
}
