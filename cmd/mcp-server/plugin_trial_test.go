//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/supervisor/trial"
)

// runTrial runs the command on its own.
func runTrial(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var text bytes.Buffer
	c := newPluginTestCommand(&settings{}, streams{in: strings.NewReader(""), out: &text, err: io.Discard})
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(t.Context())
	return exitCode(t.Context(), err), text.String()
}

func TestPluginTest(t *testing.T) {
	t.Parallel()
	example := filepath.Join(binDir, "example-plugin")
	code, out := runTrial(t, example, "--tool", "text_shout", "--args", `{"text":"hello"}`, "-o", "json")
	var answer struct{ Checks []trial.Outcome }
	if err := json.Unmarshal([]byte(out), &answer); err != nil || len(answer.Checks) < 20 || code != exitDone {
		t.Errorf("exit code %d, %d checks, %v", code, len(answer.Checks), err)
	}
	code, out = runTrial(t, example)
	if code != exitDone || !strings.Contains(out, "passed   handshake") || strings.Contains(out, "failed") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestPluginTestOfNoPlugin(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"a program":    {[]string{program}, exitToolFailed},
		"nothing":      {nil, exitUsage},
		"no file":      {[]string{"/none"}, exitUsage},
		"unknown tool": {[]string{filepath.Join(binDir, "example-plugin"), "--tool", "x"}, exitUsage},
	} {
		if code, out := runTrial(t, c.args...); code != c.code {
			t.Errorf("%s: exit code %d; want %d: %s", name, code, c.code, out)
		}
	}
}
