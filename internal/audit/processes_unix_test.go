//go:build unix

package audit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const childPath = "AUDIT_TEST_PATH"

// TestMain is also the other process of TestTwoProcesses.
func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		os.Exit(writeMany(path))
	}
	os.Exit(m.Run())
}

const linesEach = 300

func writeMany(path string) int {
	l, err := Open(Config{Path: path})
	if err != nil {
		return 1
	}
	for n := range linesEach {
		e := changing(fmt.Sprint(os.Getpid(), "-", n))
		e.Arguments = []byte(`{"a":"` + strings.Repeat("x", 900) + `"}`)
		e.Changes = n%10 == 0
		if err := l.End(e); err != nil {
			return 1
		}
	}
	return 0
}

// TestTwoProcesses has servers that write the same file: every line is whole, and there.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var children []*exec.Cmd
	for range 3 {
		child := exec.CommandContext(t.Context(), self)
		child.Env = append(os.Environ(), childPath+"="+path)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	for _, child := range children {
		if err := child.Wait(); err != nil {
			t.Error(err)
		}
	}
	calls := map[any]bool{}
	for _, line := range lines(t, path) {
		calls[line["call"]] = true
	}
	if len(calls) != 3*linesEach {
		t.Errorf("%d lines of %d", len(calls), 3*linesEach)
	}
}

// TestPipeIsRefused does not block on a pipe that nobody reads.
func TestPipeIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("pipes cannot be made: ", err)
	}
	if _, err := Open(Config{Path: path}); err == nil {
		t.Error("a pipe was opened")
	}
}

// TestStoppedProcess has another process that holds the lock for good: the call is refused, it does not hang.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := openLog(t, path)
	other, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if held, err := tryLock(other); err != nil || !held {
		t.Fatal(held, err)
	}
	if err := l.Begin(changing("1")); !errors.Is(err, errBusy) {
		t.Error(err)
	}
}
