package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor/group"
	"mcp-server/internal/supervisor/visible"
)

const (
	// pipeGrace is how long the output of an ended process is still read.
	pipeGrace = 300 * time.Millisecond
	// linger is how long the children of an ended process may take to follow it.
	linger = time.Second
	// crashWait is how long a broken call waits for the news that the process ended.
	crashWait = time.Second
)

// instance is one process of the plugin.
type instance struct {
	folder  string // private: the socket and the temporary files
	cmd     *exec.Cmd
	stdin   *os.File
	stdout  *stdout
	stderr  *output
	printed *output // what it prints where go-plugin reads it
	conn    *grpc.ClientConn
	client  pluginv1.ToolPluginClient
	wire    sync.WaitGroup // reads what is printed

	dead   chan struct{} // closed when the process has ended
	exited chan struct{} // closed when nothing is left of it
	left   []string      // processes that outlived it, valid once exited is closed

	mu     sync.Mutex
	live   bool // started and not reaped, so the process id is its own
	killed bool
}

// launch starts the binary with these arguments, in a folder and a process group of its own.
func (t *trial) launch(env []string, arguments ...string) (*instance, error) {
	t.number++
	p := &instance{
		folder: filepath.Join(t.root, strconv.Itoa(t.number)), stdout: newStdout(), stderr: &output{}, printed: &output{},
		dead: make(chan struct{}), exited: make(chan struct{}),
	}
	if err := os.Mkdir(p.folder, 0o700); err != nil {
		return nil, err
	}
	after := func() {}
	if env == nil {
		p.cmd = exec.CommandContext(context.Background(), t.Path, arguments...)
		p.cmd.Env = []string{searchPath}
	} else {
		var err error
		if p.cmd, after, err = t.boundedCommand(p.folder); err != nil {
			return nil, err
		}
		p.cmd.Env = append(p.cmd.Env, env...)
		p.cmd.Env = append(p.cmd.Env, "PLUGIN_UNIX_SOCKET_DIR="+p.folder, "TMPDIR="+p.folder)
	}
	p.cmd.Dir, p.cmd.SysProcAttr = p.folder, group.Attributes()
	err := p.start()
	after()
	return p, err
}

// boundedCommand is the plugin as a host runs it: with a door to the network, and with the launcher if there is one.
func (t *trial) boundedCommand(folder string) (*exec.Cmd, func(), error) {
	cmd, after := exec.CommandContext(context.Background(), t.Path), func() {}
	if t.Launcher != "" {
		program, err := os.Open(t.Path)
		if err != nil {
			return nil, nil, err
		}
		policy := t.policy()
		policy.Write = []string{folder, t.staging()}
		if cmd, after, err = sandbox.Command(t.Launcher, policy, program, t.Path); err != nil {
			return nil, nil, errors.Join(err, program.Close())
		}
		closeOrder := after
		after = func() { closeOrder(); _ = program.Close() }
	}
	cmd.Env = append([]string{searchPath}, t.wayOut()...)
	return cmd, after, nil
}

func (p *instance) start() error {
	var ours, theirs [3]*os.File
	for i := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			return errors.Join(err, closeAll(append(ours[:], theirs[:]...)))
		}
		if i == 0 {
			r, w = w, r
		}
		ours[i], theirs[i] = r, w
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	err := p.cmd.Start()
	_ = closeAll(theirs[:]) // the process has its own
	if err != nil {
		return errors.Join(err, closeAll(ours[:]))
	}
	p.live, p.stdin = true, ours[0]
	go p.reap(ours[1], ours[2]) // ends with the process
	return nil
}

// reap reads what the process writes until it has ended, and ends what it leaves behind.
func (p *instance) reap(stdout, stderr *os.File) {
	defer close(p.exited)
	var streams sync.WaitGroup
	drained := make(chan struct{})
	streams.Go(func() { p.stdout.readFrom(stdout) })
	streams.Go(func() { _, _ = p.stderr.ReadFrom(stderr) }) // it ends with the process, or with the pipe
	go func() { streams.Wait(); close(drained) }()
	group.AwaitEnd(p.cmd)
	close(p.dead)
	p.left = p.outlived()
	p.mu.Lock()
	group.Kill(p.cmd)
	_ = p.cmd.Wait() // the state stays in cmd
	p.live = false
	p.mu.Unlock()
	select {
	case <-drained:
	case <-time.After(pipeGrace):
	}
	_ = closeAll([]*os.File{p.stdin, stdout, stderr}) // read, or given up
	<-drained
	_ = os.RemoveAll(p.folder) // a temporary folder
}

// outlived names the processes of the group that do not follow the plugin within a moment; none when it was killed.
func (p *instance) outlived() []string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	over := time.After(linger)
	for {
		p.mu.Lock()
		killed := p.killed
		p.mu.Unlock()
		left := members(p.cmd)
		if killed || len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-over:
			return left
		}
	}
}

// kill ends the process and its group at once.
func (p *instance) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.live {
		group.Kill(p.cmd)
	}
}

// end kills the process and returns when nothing is left of it.
func (p *instance) end() {
	p.kill()
	<-p.exited
	if p.conn != nil {
		_ = p.conn.Close() // the process is gone
	}
	p.wire.Wait()
}

// hasEnded waits for the process to end by itself.
func (p *instance) hasEnded(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// state says how the process ended, and its last words. It waits for that.
func (p *instance) state() string {
	<-p.exited
	text := p.cmd.ProcessState.String()
	if words := p.stderr.lastWords(); words != "" {
		text += "; its last words: " + words
	}
	return text
}

func closeAll(files []*os.File) error {
	var problems []error
	for _, f := range files {
		if f != nil {
			problems = append(problems, f.Close())
		}
	}
	return errors.Join(problems...)
}

// describeEnd is the error of a process that ended when it should not have.
func (p *instance) describeEnd(when string) error {
	return fmt.Errorf("it ended %s: %s", when, strings.TrimSpace(p.state()))
}

// lastWords are the panic that ended a program, or its last line.
func (o *output) lastWords() string {
	text, _ := o.since(0)
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for _, line := range lines {
		if bytes.HasPrefix(line, []byte("panic: ")) || bytes.HasPrefix(line, []byte("fatal error: ")) {
			return visible.Quote(string(line), wordsBytes)
		}
	}
	return visible.Quote(string(lines[len(lines)-1]), wordsBytes)
}
