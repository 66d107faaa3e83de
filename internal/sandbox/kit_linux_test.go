package sandbox_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/sandbox"
	_ "mcp-server/internal/sandbox/launcher" // a change there makes a kept result of these tests stale
)

// binDir holds the launcher and the plugin, built once as they are installed. Only TestMain writes it.
var binDir string

// hostOf names the variable with the binaries' folder, which makes the test program a host with a plugin that waits.
const hostOf = "SANDBOX_TEST_HOST_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(hostOf); dir != "" {
		os.Exit(beHost(dir))
	}
	os.Exit(withBinaries(m.Run))
}

// beHost leaves the parent-death signal to the launcher alone.
func beHost(dir string) int {
	program, err := os.Open(filepath.Join(dir, "plugin"))
	if err != nil {
		return 1
	}
	cmd, closeAfterStart, err := sandbox.Command(filepath.Join(dir, sandbox.LauncherName), sandbox.Policy{}, program, "plugin")
	if err != nil {
		return 1
	}
	defer closeAfterStart()
	cmd.Args = append(cmd.Args, "wait")
	cmd.Stdout, cmd.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	if err := cmd.Run(); err != nil {
		return 1
	}
	return 0
}

func withBinaries(run func() int) int {
	dir, err := os.MkdirTemp("", "sandbox-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, pkg := range map[string]string{sandbox.LauncherName: "../../cmd/mcp-server-launcher", "plugin": "./testdata/plugin"} {
		build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, name), pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "building", pkg, err)
			return 1
		}
	}
	binDir = dir
	return run()
}

func launcher() string { return filepath.Join(binDir, sandbox.LauncherName) }

// cell is a bounded plugin's place: its private folder, which it may write, and one beside, which it may not even read.
type cell struct {
	policy  sandbox.Policy
	program string
	private string
	outside string
	env     []string
}

// newCell skips the test where the kernel cannot bound anything. The folders' names are short: a socket's path has 108 bytes.
func newCell(t *testing.T) *cell {
	t.Helper()
	if s := sandbox.Probe(launcher()); !s.Files || !s.Network || !s.Calls {
		t.Skip("not all bounds can be set here:", s.Missing)
	}
	c := &cell{program: filepath.Join(binDir, "plugin"), private: folder(t), outside: folder(t), env: []string{"PATH=" + os.Getenv("PATH")}}
	c.policy.Write = []string{c.private}
	return c
}

func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cell")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// command is the plugin with arguments, ready to start.
func (c *cell) command(t *testing.T, launcher string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Open(c.program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	cmd, closeAfterStart, err := sandbox.Command(launcher, c.policy, program, "the-plugin")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeAfterStart)
	cmd.Args = append(cmd.Args, args...)
	cmd.Dir, cmd.Env = c.private, c.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// does runs the plugin to its end, and returns all that it wrote.
func (c *cell) does(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, c.command(t, launcher(), args...))
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer watchdog.Stop()
	if err := cmd.Wait(); err != nil {
		return strings.TrimSpace(out.String()) + " (" + err.Error() + ")"
	}
	return strings.TrimSpace(out.String())
}

func write(t *testing.T, path, content string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}
