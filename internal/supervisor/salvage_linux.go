package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mcp-server/internal/pluginv1"
)

// salvage writes a file into the call's folder, made anew, that the plugin has open and nobody finds by a name any more.
func (p *process) salvage(f *pluginv1.File, stagingDir string) error {
	pid := p.child.pid()
	if pid == 0 || stagingDir == "" || f.GetPath() != filepath.Base(f.GetPath()) {
		return errors.New("the plugin has no such file")
	}
	// Without reading first: what it is, is looked at before it is opened.
	link := fmt.Sprintf("/proc/%d/fd/%d", pid, f.GetFd())
	fd, err := unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("looking at the plugin's file: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Nlink != 0 {
		return errors.New("it is no removed file")
	}
	from, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return fmt.Errorf("opening the plugin's file: %w", err)
	}
	defer func() { _ = from.Close() }() // only read
	if err := os.MkdirAll(stagingDir, 0o700); err != nil {
		return err
	}
	to, err := os.OpenFile(filepath.Join(stagingDir, f.GetPath()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.LimitReader(from, f.GetSize()))
	return errors.Join(err, to.Sync(), to.Close())
}
