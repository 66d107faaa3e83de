//go:build unix

package hostfolder

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestGroupsEndWithTheHost ends the remover's input, which is all that it sees of a host that is killed.
func TestGroupsEndWithTheHost(t *testing.T) {
	t.Parallel()
	f := newFolder(t, t.TempDir())
	family, spared := startGroup(t), startGroup(t)
	f.Group(family.Process.Pid)
	f.Group(spared.Process.Pid)()
	for _, odd := range []string{"group-", "group-x", "group-1;true", "1"} { // nothing that a host would write
		if err := os.WriteFile(filepath.Join(f.Path, odd), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.RemoveAfterKill()
	if err := f.remover.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := family.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the group's leader ended with %v", err)
	}
	if err := f.remover.command.Wait(); err != nil {
		t.Errorf("the remover ended with %v", err)
	}
	if _, err := os.Stat(f.Path); !os.IsNotExist(err) {
		t.Errorf("the folder is there: %v", err)
	}
	if err := syscall.Kill(spared.Process.Pid, 0); err != nil {
		t.Errorf("a group that was taken back is gone: %v", err)
	}
}

func startGroup(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", `trap "" TERM HUP; sleep 1000 & wait`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return cmd
}
