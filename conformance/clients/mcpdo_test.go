package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// mcpdo is the inspector's second command line: it keeps a connection, in a daemon of its own, completes arguments, and cancels a call
// when it is interrupted.
type mcpdo struct {
	*inspector
	env []string
}

// mcpdo connects.
func (i *inspector) mcpdo(t *testing.T) *mcpdo {
	t.Helper()
	m := &mcpdo{i, append(slices.Clone(i.env), "MCP_INSPECTOR_DAEMON_DIR="+shortTempDir(t), "MCP_INSPECTOR_DAEMON_TOKEN=of-this-test-alone")}
	m.do(t, nil, "--config", i.config, "--format", "json", "connect", named, "--era", i.era)
	ctx := context.WithoutCancel(t.Context()) // which is over when the cleanup runs
	t.Cleanup(func() {
		stop := exec.CommandContext(ctx, i.node.Program, m.script(), "daemon", "stop")
		stop.Env = m.env
		_ = stop.Run()
	})
	return m
}

func (m *mcpdo) script() string {
	return m.node.Script("@modelcontextprotocol/inspector/clients/mcpdo/build/mcp-bin.js")
}

// do runs one command, which must succeed, and decodes what it prints; nil: that does not matter.
func (m *mcpdo) do(t *testing.T, result any, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), m.node.Program, append([]string{m.script()}, args...)...)
	command.Env = m.env
	out, err := command.Output()
	if err == nil && result != nil {
		err = json.Unmarshal(out, result)
	}
	if err != nil {
		t.Fatalf("mcpdo %q: %v\n%s%s", args, err, out, stderrOf(err))
	}
}

func (m *mcpdo) tools(t *testing.T) []string {
	t.Helper()
	var listed listing
	m.do(t, &listed, "--format", "json", "--connection", named, "tools/list")
	return listed.names()
}

func (m *mcpdo) complete(t *testing.T) []string {
	t.Helper()
	var completed struct{ Values []string }
	m.do(t, &completed, "--format", "json", "--connection", named, "prompts/complete", "--complete-ref-type", "ref/prompt",
		"--complete-ref", prompt, "--complete-arg-name", promptArgument, "--complete-arg-value", promptValue)
	return completed.Values
}

// cancel interrupts a call, as Ctrl-C does, and returns what mcpdo said. It cancels only for somebody at a terminal.
func (m *mcpdo) cancel(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), m.node.Program, "--import", "data:text/javascript,process.stderr.isTTY=true", m.script(),
		"--plain", "--connection", named, "tools/call", hangingTool)
	command.Env = m.env
	var said syncBuffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	m.waitForHanging(t)
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	m.waitForRelease(t)
	if err := command.Wait(); err == nil {
		return ""
	}
	return said.String()
}
