package launcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"mcp-server/internal/sandbox"
)

// groupFile is where the process's id is left for whoever must end the group of a server that died.
const groupFile = "group"

const byDescriptor = "/proc/self/fd/4"

// program is what the launcher becomes.
type program struct {
	path string
	argv []string
	env  []string
}

// prepare does all that needs files, before they are bounded.
func prepare(order sandbox.Order, args []string) (program, error) {
	p := program{path: byDescriptor, argv: append([]string{order.Argv0}, args...), env: os.Environ()}
	offer()
	script, err := isScript()
	if err != nil {
		return p, err
	}
	if err := withhold(script); err != nil {
		return p, err
	}
	if !workingFolderIsOneOf(order.Policy.Write) {
		return p, nil
	}
	if err := writeGroup(); err != nil {
		return p, err
	}
	p.path = named(filepath.Base(order.Argv0))
	return p, nil
}

// offer has the kernel end a plugin before the user's other programs when the machine's memory is full: what a plugin shares between its
// processes, no limit of a process counts. It is no bound, so it may fail.
func offer() {
	const file, score = "/proc/self/oom_score_adj", 500
	text, err := os.ReadFile(file)
	if now, numberErr := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && numberErr == nil && now < score {
		_ = os.WriteFile(file, []byte(strconv.Itoa(score)), 0)
	}
}

// become replaces the launcher. Only syscall.Exec keeps the runtime from starting a thread meanwhile, which would end in a crash.
func (p program) become() error {
	err := syscall.Exec(p.path, p.argv, p.env)
	if errors.Is(err, unix.ENOEXEC) {
		return fmt.Errorf("becoming %s: it is neither a program for this system nor a script that begins with #!: %w", p.argv[0], err)
	}
	return fmt.Errorf("becoming %s: %w", p.argv[0], err)
}

// isScript looks for the two characters that make the kernel hand the file to an interpreter.
func isScript() (bool, error) {
	start := make([]byte, 2)
	n, err := unix.Pread(programFD, start, 0)
	if err != nil {
		return false, fmt.Errorf("reading the program on descriptor %d: %w", programFD, err)
	}
	return string(start[:n]) == "#!", nil
}

// withhold lets the program inherit nothing but the standard streams; the interpreter of a script reads it from descriptor 4.
func withhold(script bool) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("listing the open files: %w", err)
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 || script && fd == programFD {
			continue
		}
		unix.CloseOnExec(fd)
	}
	if !script {
		return nil
	}
	if _, err := unix.FcntlInt(programFD, unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("keeping the script open: %w", err)
	}
	return nil
}

func workingFolderIsOneOf(folders []string) bool {
	here, err := os.Stat(".")
	if err != nil {
		return false
	}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && os.SameFile(here, info) {
			return true
		}
	}
	return false
}

// writeGroup makes the file anew: an earlier process in the same folder may have left anything under its name.
func writeGroup() error {
	_ = os.Remove(groupFile) // what cannot be removed is met again in a moment
	file, err := os.OpenFile(groupFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the process's id into its folder: %w", err)
	}
	_, err = fmt.Fprintln(file, os.Getpid())
	return errors.Join(err, file.Close())
}

// named is a way to the descriptor that ends with the program's name, since the kernel shows a process by the last part of the path it
// was started by, in top and in the log of the out-of-memory killer: "4" says little. A name that is taken is left alone.
func named(name string) string {
	err := os.Symlink(byDescriptor, name)
	if errors.Is(err, fs.ErrExist) {
		if target, readErr := os.Readlink(name); readErr == nil && target == byDescriptor {
			err = nil // of an earlier start in the same folder
		}
	}
	folder, cwdErr := os.Getwd()
	if err != nil || cwdErr != nil {
		return byDescriptor
	}
	return filepath.Join(folder, name)
}
