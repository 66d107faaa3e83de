package preview

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostChild is a host that waits for a child of its own. Its arguments are a folder and the file to read.
func hostChild(args []string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	file, err := os.Open(args[1])
	if err != nil {
		return err
	}
	r := Reader{Command: []string{program, "child-left", args[0]}, TempDir: args[0], bounds: bounds{patience: time.Minute}}
	_, err = r.Read(context.Background(), file, "", Selection{})
	return err
}

// leftChild says who it is and never ends.
func leftChild(args []string) error {
	if err := os.WriteFile(filepath.Join(args[0], "new"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(args[0], "new"), filepath.Join(args[0], "pid")); err != nil {
		return err
	}
	return spin()
}

// TestAChildDiesWithItsHost kills a host in the middle of a read.
func TestAChildDiesWithItsHost(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	host := exec.CommandContext(t.Context(), reader(t, "child-host").Command[0], "child-host", folder, stored(t, zipOf(t)).Name())
	must(t, host.Start())
	var pid int
	waitFor(t, func() bool {
		text, err := os.ReadFile(filepath.Join(folder, "pid"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(text))
		return err == nil
	})
	must(t, host.Process.Kill())
	_ = host.Wait() // it was killed
	waitFor(t, func() bool { return gone(pid) })
}

// gone says whether a process has ended; in a container without an init nobody collects it.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never happened")
		}
	}
}
