package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// session is an MCP server in a process of its own, asked one thing at a time.
type session struct {
	process *exec.Cmd
	in      io.WriteCloser
	lines   *bufio.Reader
	last    int // the id of the last request
}

// open starts a server and initializes the session. The environment is added to ours.
func open(args, environment []string) (*session, error) {
	command := exec.CommandContext(context.Background(), args[0], args[1:]...)
	command.Env = append(os.Environ(), environment...)
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &session{process: command, in: in, lines: bufio.NewReaderSize(out, 1<<20)}
	_, err = s.ask("initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}`)
	if err == nil {
		_, err = fmt.Fprintln(in, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *session) close() error { return errors.Join(s.in.Close(), s.process.Wait()) }

// ask sends a request and returns its answer's line. Notifications on the way, such as progress, are passed over.
func (s *session) ask(method, params string) ([]byte, error) {
	if err := s.send(method, params); err != nil {
		return nil, err
	}
	line, err := s.answer()
	if err == nil && isFailure(line) {
		err = fmt.Errorf("unexpected answer: %.500s", line)
	}
	return line, err
}

// send sends a request and does not wait for its answer.
func (s *session) send(method, params string) error {
	s.last++
	if params == "" {
		params = "{}"
	}
	_, err := fmt.Fprintf(s.in, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`+"\n", s.last, method, params)
	return err
}

// answer returns the next answer, good or bad.
func (s *session) answer() ([]byte, error) {
	for {
		line, err := s.lines.ReadBytes('\n')
		if err != nil || !bytes.Contains(line, []byte(`"method":"notifications/`)) {
			return line, err
		}
	}
}

// await waits for a notification that has a word in it.
func (s *session) await(word string) error {
	for {
		line, err := s.lines.ReadBytes('\n')
		switch {
		case err != nil:
			return err
		case !bytes.Contains(line, []byte(`"method":"notifications/`)):
			return fmt.Errorf("an answer came before the notification: %.500s", line)
		case bytes.Contains(line, []byte(word)):
			return nil
		}
	}
}

func isFailure(line []byte) bool {
	return !bytes.Contains(line, []byte(`"result"`)) || bytes.Contains(line, []byte(`"isError":true`))
}

// call calls a tool, with progress asked for as an editor does, and returns the answer's line.
func (s *session) call(tool, arguments string) ([]byte, error) {
	return s.ask("tools/call", toolCall(tool, arguments))
}

func toolCall(tool, arguments string) string {
	return fmt.Sprintf(`{"name":%q,"arguments":%s,"_meta":{"progressToken":"bench"}}`, tool, arguments)
}

// structured decodes the structured content of an answer.
func structured(line []byte, into any) error {
	var answer struct {
		Result struct {
			StructuredContent json.RawMessage `json:"structuredContent"`
		} `json:"result"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	return json.Unmarshal(answer.Result.StructuredContent, into)
}
