package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"mcp-server/internal/hostfolder"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor/group"
)

// pipeGrace is how long the output of an ended process is still read: only a process that inherited the pipes and has left
// the process group can hold them open.
const pipeGrace = 300 * time.Millisecond

var errKilled = errors.New("it was stopped before it started")

// child is one process and the runner.Runner that go-plugin knows it by. It is started once.
type child struct {
	path    string // of the plugin's file
	folder  string // private: the socket, the temporary files and the working folder; removed with the process
	env     []string
	byPath  bool   // the path led to the file that runs
	bounded bool   // the launcher starts it
	started func() // closes what only the start needs
	home    *hostfolder.Folder
	starter *starter
	relay   *relay

	stdout *handshakeFilter
	stdin  *os.File // the host's end: its closing tells the plugin that the host is gone
	dead   chan struct{}
	exited chan struct{}

	mu      sync.Mutex
	network string // with the address, where it says that it listens
	address string
	forget  func() // the process group
	cmd     *exec.Cmd
	live    bool // started and not reaped, so the process id is its own
	killed  bool
}

var _ runner.Runner = (*child)(nil)

// newChild prepares a process of the program within the bounds. The program stays the caller's.
func (p *Plugin) newChild(program *pluginfolder.Program, folder string, b bounds) (*child, error) {
	relay := &relay{logger: p.logger, secrets: p.secrets}
	c := &child{
		path: program.Path, folder: folder, env: append(memoryLimit(b.policy.Memory), b.env...), started: func() {}, home: p.sup.home, starter: p.sup.starter, relay: relay,
		stdout: newHandshakeFilter(relay.noise), dead: make(chan struct{}), exited: make(chan struct{}),
	}
	if b.sandboxed {
		c.bounded = true
		b.policy.Write = append(b.policy.Write, folder)
		var err error
		if c.cmd, c.started, err = sandbox.Command(p.sup.cfg.Launcher, b.policy, program.File, program.Path); err != nil {
			c.discard()
			return nil, fmt.Errorf("setting its bounds: %w", err)
		}
	} else {
		c.cmd, c.byPath = direct(program)
	}
	c.cmd.Dir = folder
	c.cmd.SysProcAttr = group.Attributes()
	return c, nil
}

// same makes sure that what runs is the program that was found, as it was then.
func (c *child) same(program *pluginfolder.Program) error {
	if !c.byPath {
		return program.Unchanged()
	}
	again, err := program.Open()
	if err != nil {
		return err
	}
	again.Close()
	return nil
}

// Start launches the process from the starter's thread.
func (c *child) Start(context.Context) error {
	ours, theirs, err := openPipes()
	if err != nil {
		return err
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	startErr := errClosed
	if err := c.starter.do(func() { startErr = c.launch() }); err != nil {
		startErr = err
	}
	closeAll(theirs)
	c.started()
	if startErr != nil {
		closeAll(ours)
		return startErr
	}
	limitProcess(c.cmd.Process.Pid)
	c.stdin = ours[0]
	go c.reap(ours[1], ours[2]) // ends with the process
	return nil
}

func (c *child) launch() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return errKilled
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.live = true
	c.forget = c.home.Group(c.cmd.Process.Pid)
	return nil
}

// reap drains the output until the process has ended, then ends whatever the process left behind.
func (c *child) reap(stdout, stderr *os.File) {
	defer close(c.exited)
	drained := c.drain(stdout, stderr)
	group.AwaitEnd(c.cmd)
	close(c.dead)
	c.mu.Lock()
	group.Kill(c.cmd) // now, for its children hold the pipes
	c.forget()
	_ = c.cmd.Wait() // the state stays in cmd
	c.live = false
	c.mu.Unlock()
	grace := time.NewTimer(pipeGrace)
	defer grace.Stop()
	select {
	case <-drained:
	case <-grace.C:
	}
	c.stdout.close() // before the pipes, so that nothing waits for go-plugin
	closeAll([]*os.File{c.stdin, stdout, stderr})
	<-drained
	c.relay.finish()
	_ = hostfolder.RemoveTree(c.folder)
}

// drain reads both streams to their end; the channel closes when both are there.
func (c *child) drain(stdout, stderr *os.File) <-chan struct{} {
	drained := make(chan struct{})
	var streams sync.WaitGroup
	read := func(from *os.File, emit func(outputLine)) {
		lines := &splitter{emit: emit}
		_, _ = io.Copy(lines, from) // it ends with the process, or when reap closes the pipe
		lines.flush()
	}
	streams.Go(func() {
		read(stdout, c.stdout.line)
		c.stdout.close()
	})
	streams.Go(func() { read(stderr, c.relay.stderr) })
	go func() {
		streams.Wait()
		close(drained)
	}()
	return drained
}

// kill ends the process group at once; a process that has not started yet never will.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.live {
		group.Kill(c.cmd)
	}
}

// state says how the process ended, such as "exit status 2" or "signal: killed". It is known once exited is closed.
func (c *child) state() string {
	if c.cmd.ProcessState == nil {
		return "its end was not seen"
	}
	return c.cmd.ProcessState.String()
}

// killedByHost reports whether it was this package that ended the process. It is known once exited is closed.
func (c *child) killedByHost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed && (c.cmd.ProcessState == nil || !c.cmd.ProcessState.Exited() || runtime.GOOS == "windows")
}

// pid returns zero when the process does not run.
func (c *child) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.live {
		return 0
	}
	return c.cmd.Process.Pid
}

// discard removes the private folder of a process that was never started.
func (c *child) discard() { _ = hostfolder.RemoveTree(c.folder) }

// Wait returns when the process has ended and nothing of it is left.
func (c *child) Wait(context.Context) error {
	<-c.exited
	return nil
}

// Kill kills the process group.
func (c *child) Kill(context.Context) error {
	c.kill()
	return nil
}

// Stdout yields the handshake and then ends.
func (c *child) Stdout() io.ReadCloser { return c.stdout.reader }

// Stderr is empty: go-plugin panics on some lines (log_entry.go of v1.8.0), and relay reads them instead.
func (c *child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Diagnose returns the last lines of the standard error.
func (c *child) Diagnose(context.Context) string { return c.relay.lastWords(tailLines) }

// killedByOthers reports whether somebody else killed the process. It is known once exited is closed.
func (c *child) killedByOthers() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.killed && wasKilled(c.cmd.ProcessState)
}

// Name returns the path of the binary.
func (c *child) Name() string { return c.path }

// ID returns the process id; empty before the start.
func (c *child) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

// PluginToHost returns the address unchanged if it is the plugin's own.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	if c.bounded && network != "unix" { // it may not bind a port, so one that it names is somebody else's
		return "", "", fmt.Errorf("it listens on %s, which a plugin within bounds cannot; it must listen in its private folder", network)
	}
	c.mu.Lock()
	c.network, c.address = network, address
	c.mu.Unlock()
	return network, address, checkAddress(c.folder, network, address)
}

// HostToPlugin returns the address unchanged.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
