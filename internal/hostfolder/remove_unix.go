//go:build unix

package hostfolder

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/gofrs/flock"
)

// removeLocked removes the folder while its lock is held, so that nobody takes it in between.
func removeLocked(folder string, _ *flock.Flock) { _ = RemoveTree(folder) }

// groupPrefix and a number name an empty file in the folder that stands for a process group.
const groupPrefix = "group-"

// script waits for the end of its standard input, which is the end of the host, kills the process groups and removes the
// folder; once more a moment later, when processes that die with the host have stopped writing.
const script = `read -r _
for g in "$1"/` + groupPrefix + `*; do [ -e "$g" ] && kill -s KILL -- "-${g##*/` + groupPrefix + `}"; done 2>/dev/null
rm -rf -- "$1"; if [ -e "$1" ]; then sleep 1; rm -rf -- "$1"; fi`

// remover is the process that removes the folder of a host that is killed.
type remover struct {
	command *exec.Cmd
	stdin   io.Closer
}

// RemoveAfterKill starts a process of about a megabyte that removes the folder when this one is killed and cannot do it
// itself. It has its own session, so that a signal to the host's group does not reach it. Where there is no shell, the
// next Sweep does the work.
func (f *Folder) RemoveAfterKill() {
	command := exec.CommandContext(context.Background(), "/bin/sh", "-c", script, "sh", f.Path)
	command.Env = []string{"PATH=/usr/bin:/bin"}
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		return
	}
	if err := command.Start(); err != nil {
		_ = stdin.Close()
		return
	}
	f.remover = &remover{command: command, stdin: stdin}
}

// Group has a process group killed with this host, too: a parent-death signal reaches only the leader. The name of a file
// says which, and not its content, so that nobody who can write only below a folder of its own can have others killed. The
// caller calls forget before the group's leader is waited for, because its number may be another's afterwards.
func (f *Folder) Group(leader int) (forget func()) {
	name := filepath.Join(f.Path, groupPrefix+strconv.Itoa(leader))
	_ = os.WriteFile(name, nil, 0o600) // without it the group is as safe as before
	return func() { _ = os.Remove(name) }
}

func (r *remover) end() {
	if r == nil {
		return
	}
	_ = r.command.Process.Kill() // it has nothing left to remove, and may be stopped
	_ = r.stdin.Close()
	_ = r.command.Wait()
}

// ours says whether the folder is this user's: in a shared temporary folder a name proves nothing.
func ours(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
