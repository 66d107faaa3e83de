package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/conformance/node"
	"mcp-server/internal/emulator"
)

// plan is what a script is told.
type plan struct {
	URL      string            `json:"url,omitempty"`
	Command  string            `json:"command"`
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"`
	Mode     any               `json:"mode,omitempty"`
	Call     toolCall          `json:"call"`
	Hang     toolCall          `json:"hang"`
	Complete any               `json:"complete"`
}

type toolCall struct {
	Name      string         `json:"name"`
	Arguments map[string]any `json:"arguments"`
}

func (s *server) plan(mode any) plan {
	return plan{
		URL: s.url, Command: s.line[0], Args: s.line[1:], Env: s.environment(), Mode: mode,
		Call: toolCall{progressTool, exportArguments()},
		Hang: toolCall{hangingTool, map[string]any{}},
		Complete: map[string]any{
			"ref":      map[string]string{"type": "ref/prompt", "name": prompt},
			"argument": map[string]string{"name": promptArgument, "value": promptValue},
		},
	}
}

func exportArguments() map[string]any { return map[string]any{"jobs": []string{emulator.DRSJobID}} }

// environment is the server's as an object.
func (s *server) environment() map[string]string {
	values := map[string]string{}
	for _, variable := range s.env {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	return values
}

// findNode skips the test where the packages from npm are not installed.
func findNode(t *testing.T) node.Node {
	t.Helper()
	n, err := node.Find(t.Context(), "..")
	if errors.Is(err, node.ErrMissing) {
		need(t, false, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// useScript runs one of the scripts beside this file. It reads a line when the cloud has the call that hangs, and another one when the
// cloud is rid of it.
func useScript(name string, mode any) func(*testing.T, *server) seen {
	return func(t *testing.T, s *server) seen {
		t.Helper()
		n := findNode(t)
		told, err := json.Marshal(s.plan(mode))
		if err != nil {
			t.Fatal(err)
		}
		script, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), n.Program, script, string(told))
		var out, errs syncBuffer
		command.Stdout, command.Stderr = &out, &errs
		in, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%s wrote:\n%s%s", name, &out, &errs)
			}
		})
		for _, wait := range []func(*testing.T){s.waitForHanging, s.waitForRelease} {
			wait(t)
			if _, err := in.Write([]byte("\n")); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace([]byte(out.String())), []byte("\n"))
		var got seen
		if err := json.Unmarshal(lines[len(lines)-1], &got); err != nil {
			t.Fatalf("reading what %s saw: %v", name, err)
		}
		return got
	}
}
