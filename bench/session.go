package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}`
	ready      = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	list       = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	echo       = `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"bench_echo","arguments":{"text":"the quick brown fox jumps over the lazy dog"}}}`
)

// round starts a server, notes the time to the answer of tools/list, calls the echo tool and stops the server.
func (s *samples) round(args []string, calls int) (err error) {
	begin := time.Now()
	command := exec.CommandContext(context.Background(), args[0], args[1:]...)
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close(), command.Wait()) }()
	lines := bufio.NewReaderSize(out, 1<<20)
	ask := func(request string) error {
		if _, err := fmt.Fprintln(in, request); err != nil {
			return err
		}
		answer, err := lines.ReadString('\n')
		if err == nil && (!strings.Contains(answer, `"result"`) || strings.Contains(answer, `"isError":true`)) {
			return fmt.Errorf("unexpected answer: %.500s", answer)
		}
		return err
	}
	if err := ask(initialize); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(in, ready); err != nil {
		return err
	}
	if err := ask(list); err != nil {
		return err
	}
	s.start = append(s.start, time.Since(begin))
	for i := range calls {
		at := time.Now()
		if err := ask(fmt.Sprintf(echo, i+2)); err != nil {
			return err
		}
		s.call = append(s.call, time.Since(at))
	}
	return nil
}
