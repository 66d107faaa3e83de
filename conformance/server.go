package main

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

// process is a server or a gateway that runs while the suite asks it.
type process struct {
	url   string
	ended chan error // gets one value
	stop  context.CancelFunc
	log   *os.File
}

// start runs a command line that serves HTTP at the address, and waits until it answers. What it writes goes to the log file.
func start(ctx context.Context, address, logFile string, line []string) (*process, error) {
	file, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	command := exec.CommandContext(ctx, line[0], line[1:]...)
	command.Stdout, command.Stderr = file, file
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	p := &process{url: "http://" + address, ended: make(chan error, 1), stop: stop, log: file}
	if err := command.Start(); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("starting %s: %w", line[0], err), file.Close())
	}
	go func() { p.ended <- command.Wait() }() // ends with the process, which close ends
	if err := p.ready(ctx); err != nil {
		p.close()
		return nil, fmt.Errorf("waiting for %s: %w; it wrote %s", strings.Join(line, " "), err, logFile)
	}
	return p, nil
}

// ready waits for any answer but "not yet". A server without /readyz is ready when it answers at all.
func (p *process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("it ended early: %w", errors.Join(err, errors.New("nobody asked it to")))
		case <-tick.C:
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/readyz", nil)
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

// close ends the process and waits for it.
func (p *process) close() {
	p.stop()
	_ = <-p.ended      // it was told to end, however it did
	_ = p.log.Close() // nothing is lost: the process wrote to its own descriptor
}

// freeAddress returns a loopback address that nobody listened on a moment ago.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
