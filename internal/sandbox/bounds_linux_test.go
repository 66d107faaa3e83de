package sandbox_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mcp-server/internal/sandbox"
)

const (
	denied  = "permission denied"       // EACCES, Landlock's answer
	refused = "operation not permitted" // EPERM, the filter's answer
)

// try is one thing that a plugin does, and how its answer ends.
type try struct{ act, arg, want string }

func (c *cell) tries(t *testing.T, tries []try) {
	t.Helper()
	for _, try := range tries {
		if got := c.does(t, try.act, try.arg); !strings.HasSuffix(got, try.want) {
			t.Errorf("%s %s: %q, want %q", try.act, try.arg, got, try.want)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	secret := write(t, filepath.Join(c.outside, "id_rsa"), "key", 0o600)
	declared := folder(t)
	write(t, filepath.Join(declared, "notes"), "noted", 0o600)
	single := write(t, filepath.Join(c.outside, "single"), "one", 0o600)
	host := "/proc/" + strconv.Itoa(os.Getpid())
	c.policy.Read = []string{declared, single, filepath.Join(c.outside, "missing")}
	c.tries(t, []try{
		{"read", secret, denied}, {"list", c.outside, denied}, {"write", secret, denied}, {"write", filepath.Join(c.outside, "new"), denied},
		{"list", "/root", denied}, {"list", "/home", denied}, {"list", "/tmp", denied}, {"list", "/var", denied}, {"read", "/etc/shadow", denied}, {"list", "/etc", denied},
		{"read", filepath.Join(declared, "notes"), "noted"}, {"list", declared, "ok"}, {"write", filepath.Join(declared, "notes"), denied},
		{"read", single, "one"}, {"write", single, denied},
		{"write", filepath.Join(c.private, "mine"), "ok"}, {"read", filepath.Join(c.private, "mine"), "written"}, {"rename", filepath.Join(c.private, "mine"), "ok"},
		{"mknod", filepath.Join(c.private, "disk"), denied},
		{"write", "/dev/null", "ok"}, {"list", "/usr", "ok"}, {"write", "/usr/lib/new", denied}, {"list", "/proc/self/fd", "ok"}, {"list", "/proc", denied},
		{"read", host + "/environ", denied}, {"read", host + "/cmdline", denied}, {"child", "read " + host + "/environ", denied},
		{"child", "read " + secret, denied}, {"run", "/bin/cat " + secret, "exit status 1"}, {"run", "/bin/cat " + single, "one"},
		{"run", filepath.Join(declared, "notes"), denied},
	})
}

// TestWhatLandlockDoesNotBound is about the user's files as such, wherever they are.
func TestWhatLandlockDoesNotBound(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	secret := write(t, filepath.Join(c.outside, "id_rsa"), "key", 0o600)
	single := write(t, filepath.Join(c.outside, "single"), "one", 0o600)
	c.policy.Read = []string{single}
	c.tries(t, []try{
		{"chmod", secret, refused}, {"chmod", c.outside, refused}, {"chown", secret, refused}, {"attribute", secret, refused}, {"touch", secret, refused},
		{"openchmod", single, refused}, {"inotify", c.outside, refused},
		{"read", "/proc/self/net/unix", denied}, {"read", "/proc/net/tcp", denied}, {"read", "/proc/thread-self/net/unix", denied},
		{"list", "/proc/self/fd", "ok"}, {"list", "/proc/self/task", "ok"}, {"write", "/proc/self/oom_score_adj", denied}, {"read", "/proc/self/oom_score_adj", "500"},
	})
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is now %v, %v", info.Mode(), err)
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	door, other := port(t, "tcp4"), port(t, "tcp4")
	c.policy.Connect = uint16(door)
	local := filepath.Join(c.private, "socket")
	c.tries(t, []try{
		{"dial", address(door), "ok"}, {"dial", address(other), denied}, {"child", "dial " + address(door), "ok"},
		{"fastopen", strconv.Itoa(other), refused}, {"fastopen", strconv.Itoa(door), refused},
		{"listen", "tcp 127.0.0.1:0", denied}, {"listen", "tcp [::1]:0", denied}, {"listen", "unix " + local, "ok"},
		{"dial", "udp 127.0.0.1:53", refused},
		{"listen", "unix " + filepath.Join(c.outside, "socket"), denied}, {"dial", "unix @abstract", "connection refused"},
	})
}

func TestNoConnections(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	other := port(t, "tcp4")
	bus := filepath.Join(c.outside, "bus")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", bus)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	c.tries(t, []try{
		{"dial", "unix " + bus, refused}, {"dial", address(other), refused}, {"socket", "2 1 0", refused}, {"socket", "10 1 0", refused},
		{"listen", "unix " + filepath.Join(c.private, "socket"), "ok"}, {"fastopen", strconv.Itoa(other), refused},
	})
}

// TestSockets asks for sockets by numbers: families, types with their flags, protocols.
func TestSockets(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	c.policy.Connect = 1
	const cloexec, nonblock = 0o2000000, 0o4000
	for _, test := range []struct {
		call                   string
		family, kind, protocol int
		want                   string
	}{
		{"socket", 1, 1, 0, "ok"}, {"socket", 1, 5 | cloexec, 0, "ok"}, {"socket", 1, 2, 0, refused}, {"socket", 1, 2 | cloexec, 0, refused}, {"socket", 1, 3, 0, refused},
		{"socket", 2, 1, 0, "ok"}, {"socket", 2, 1 | cloexec | nonblock, 6, "ok"}, {"socket", 10, 1 | nonblock, 0, "ok"},
		{"socket", 2, 2, 0, refused}, {"socket", 2, 2 | cloexec | nonblock, 17, refused}, {"socket", 10, 2 | cloexec, 0, refused}, // UDP
		{"socket", 2, 3, 1, refused}, {"socket", 10, 3 | cloexec, 58, refused}, {"socket", 2, 2, 1, refused}, // raw, ping
		{"socket", 2, 1, 262, refused}, {"socket", 2, 1, 132, refused}, {"socket", 2, 5, 132, refused}, // MPTCP, SCTP
		{"socket", 16, 3, 0, refused}, {"socket", 16, 2 | cloexec, 0, refused}, {"socket", 17, 3, 0, refused}, {"socket", 40, 1, 0, refused}, // netlink, packet, vsock
		{"socket", 38, 5, 0, refused}, {"socket", 2 | 1<<32, 1, 0, refused}, {"socket", 2, 1 | 1<<32, 0, refused}, {"socket", 2, 2 | 1<<32, 0, refused},
		{"socketpair", 1, 1, 0, "ok"}, {"socketpair", 1, 1 | cloexec, 0, "ok"}, {"socketpair", 1, 2, 0, refused}, {"socketpair", 2, 1, 0, refused},
	} {
		numbers := fmt.Sprint(test.family, test.kind, test.protocol)
		if got := c.does(t, test.call, numbers); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.call, numbers, got, test.want)
		}
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	c.policy.Memory = sandbox.DefaultMemory
	c.tries(t, []try{
		{"ptrace", "", refused}, {"vmread", "", refused}, {"setsid", "", refused}, {"setpgid", "", refused}, {"unshare", "", refused},
		{"newuser", "", refused}, {"clone3", "", "function not implemented"}, {"iouring", "", refused}, {"keyctl", "", refused}, {"signal", "", refused},
		{"prlimit", "", refused}, {"niceparent", "", refused}, {"raise", "", refused}, {"child", "setsid", refused}, {"child", "dial udp 127.0.0.1:53", refused},
	})
	if got, want := c.does(t, "limits"), fmt.Sprint(0, 4096, sandbox.DefaultMemory); got != want {
		t.Errorf("limits: %s, want %s", got, want)
	}
	if got, want := c.does(t, "child", "limits"), fmt.Sprint(0, 4096, sandbox.DefaultMemory); got != want {
		t.Errorf("limits of a child: %s, want %s", got, want)
	}
	effective, err := strconv.ParseUint(c.does(t, "child", "capability"), 16, 64)
	if err != nil || effective&^0xf != 0 {
		t.Errorf("capabilities: %x, want none but those for files (%v)", effective, err)
	}
}

func address(port int) string { return "tcp 127.0.0.1:" + strconv.Itoa(port) }

// port is one of this machine on which somebody listens.
func port(t *testing.T, network string) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(l.Addr())
	}
	return tcp.Port
}
