package supervisor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func forget() { _ = unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) }

func TestEnvironment(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	values := env(map[string]string{"KITCHEN_PLAIN": "plain", "KITCHEN_SECRET": "hunter22", "HOME": "/root"})
	k := newKit(t, Config{LookupEnv: func(name string) (string, bool) {
		asked[name] = true
		return values(name)
	}})
	p := k.start("kitchen")
	if want := map[string]bool{"KITCHEN_PLAIN": true, "KITCHEN_SECRET": true, "KITCHEN_ABSENT": true}; !cmp.Equal(asked, want) {
		t.Errorf("the host's environment was asked for %v", asked)
	}

	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.Status().PID))
	if err != nil {
		t.Fatal(err)
	}
	wire := []string{
		"MCP_SERVER_PLUGIN", "MCP_SERVER_PLUGIN_STDIN", "PATH", "PLUGIN_MAX_PORT", "PLUGIN_MIN_PORT",
		"PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "TMPDIR",
	}
	started := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
	if diff := cmp.Diff(wire, names(started)); diff != "" {
		t.Errorf("/proc/<pid>/environ (-want +got):\n%s", diff)
	}
	inside := strings.Split(mustCall[text](t, p, "env", none{}).Text, "\n")
	declared := append([]string{"KITCHEN_PLAIN", "KITCHEN_SECRET"}, wire...)
	if diff := cmp.Diff(declared, names(inside)); diff != "" {
		t.Errorf("os.Environ in a tool (-want +got):\n%s", diff)
	}
	if !slices.Contains(inside, "KITCHEN_SECRET=hunter22") {
		t.Error("the declared value did not arrive")
	}
	for _, entry := range inside {
		if dir, ok := strings.CutPrefix(entry, "TMPDIR="); ok {
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 || !strings.HasPrefix(dir, k.homePath()) {
				t.Errorf("the temporary folder %s is %v, %v", dir, info, err)
			}
		}
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.Status().PID)); err != nil || !strings.HasPrefix(cwd, k.homePath()) {
		t.Errorf("the working folder is %q, %v", cwd, err)
	}
}

func names(environ []string) []string {
	var found []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		found = append(found, name)
	}
	slices.Sort(found)
	return found
}

func TestNoCoreDumps(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	var limit unix.Rlimit
	if err := unix.Prlimit(p.Status().PID, unix.RLIMIT_CORE, nil, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("the limit of core dumps is %+v, %v", limit, err)
	}
}

// TestOpenFiles checks that a plugin inherits no file of the host or of another plugin.
func TestOpenFiles(t *testing.T) {
	t.Parallel()
	inherited := make([]int, 2)
	if err := syscall.Pipe(inherited); err != nil { // as an editor leaves it open: not marked to be closed
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(syscall.Close(inherited[0]), syscall.Close(inherited[1])) }()
	k := newKit(t, Config{})
	k.start("kitchen-1")
	p := k.start("kitchen-2")
	k.start("kitchen-3")
	links, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Status().PID))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	host := map[string]bool{}
	for _, l := range ours {
		if target, err := os.Readlink("/proc/self/fd/" + l.Name()); err == nil && strings.HasPrefix(target, "pipe:") {
			host[target] = true
		}
	}
	var shared []string
	for _, l := range links {
		target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", p.Status().PID, l.Name()))
		if err == nil && host[target] {
			shared = append(shared, l.Name())
		}
	}
	slices.Sort(shared)
	if !slices.Equal(shared, []string{"0", "1", "2"}) {
		t.Errorf("the plugin shares the pipes %q with the host; want its three", shared)
	}
}
