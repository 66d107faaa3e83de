// Package process runs a server of HTTP as a process of its own, for as long as somebody asks it. Start reading at [Start].
package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is what to start.
type Command struct {
	// Line is the program and its arguments.
	Line []string
	// Env is the whole environment; nil is that of this process.
	Env []string
	// Address is where it will serve HTTP.
	Address string
	// Log is the file that gets what it writes.
	Log string
}

// Process is a server or a gateway that runs.
type Process struct {
	// URL is where it answers, such as http://127.0.0.1:3000.
	URL string

	ended chan struct{} // closed when the process is gone
	err   error         // how it ended; read it after that
	stop  context.CancelFunc
	log   *os.File
}

// Start runs a command and waits until it answers, a minute at most. The process ends with the context, or with Close.
func Start(ctx context.Context, c Command) (*Process, error) {
	file, err := os.Create(c.Log)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	command := exec.CommandContext(ctx, c.Line[0], c.Line[1:]...)
	command.Stdout, command.Stderr, command.Env = file, file, c.Env
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	p := &Process{URL: "http://" + c.Address, ended: make(chan struct{}), stop: stop, log: file}
	if err := command.Start(); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("starting %s: %w", c.Line[0], err), file.Close())
	}
	go func() { // ends with the process, which Close ends
		p.err = command.Wait()
		close(p.ended)
	}()
	if err := p.ready(ctx); err != nil {
		p.Close()
		return nil, fmt.Errorf("waiting for %s: %w; it wrote %s", strings.Join(c.Line, " "), err, c.Log)
	}
	return p, nil
}

// ready waits for any answer but "not yet". A server without /readyz is ready when it answers at all.
func (p *Process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("it ended early: %w", errors.Join(p.err, errors.New("nobody asked it to")))
		case <-tick.C:
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/readyz", nil)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				continue // it does not listen yet
			}
			_ = answer.Body.Close() // only the status counts
			if answer.StatusCode != http.StatusServiceUnavailable {
				return nil
			}
		}
	}
}

// Close ends the process and waits for it.
func (p *Process) Close() {
	p.stop()
	<-p.ended
	_ = p.log.Close() // nothing is lost: the process wrote to its own descriptor
}

// FreeAddress returns a loopback address that nobody listened on a moment ago.
func FreeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
