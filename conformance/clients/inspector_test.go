package clients

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mcp-server/conformance/node"
)

// inspector is the npm inspector's command line, which connects anew for each thing that it does.
type inspector struct {
	*server
	node    node.Node
	era     string
	config  string // the file with the servers
	witness *witness
	env     []string
}

// named is the server's name in the inspector's file of servers.
const named = "judged"

// useInspector is the npm inspector in one of its two protocol eras.
func useInspector(era string) func(*testing.T, *server) seen {
	return func(t *testing.T, s *server) seen {
		t.Helper()
		i := newInspector(t, s, era)
		var got seen
		var about struct {
			ProtocolVersion string
			Capabilities    struct{ Completions any }
		}
		i.do(t, &about, "--method", "initialize")
		got.Revision = about.ProtocolVersion
		got.Tools = i.tools(t)
		i.exportAndRead(t, &got)
		m := i.mcpdo(t)
		if about.Capabilities.Completions == nil {
			got.CompletionError = "completions not supported" // which mcpdo takes for an empty list where it can
		} else {
			got.Completion = m.complete(t)
		}
		got.Cancelled = m.cancel(t)
		got.After = m.tools(t)
		return got
	}
}

func newInspector(t *testing.T, s *server, era string) *inspector {
	t.Helper()
	home := t.TempDir()
	i := &inspector{
		server: s, node: findNode(t), era: era, config: filepath.Join(home, "servers.json"), witness: newWitness(t, s),
		env: []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "MCP_INSPECTOR_SECRET_STORE=memory"},
	}
	entry := map[string]any{"type": "streamable-http", "url": i.witness.url}
	if s.url == "" {
		entry = map[string]any{"command": i.witness.line[0], "args": i.witness.line[1:], "env": s.environment()}
	}
	content, err := json.Marshal(map[string]any{"mcpServers": map[string]any{named: entry}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.config, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

// do runs the inspector once which must succeed, and decodes the result.
func (i *inspector) do(t *testing.T, result any, args ...string) {
	t.Helper()
	out, err := i.command(t, args...).Output()
	if err != nil {
		t.Fatalf("inspector %q: %v\n%s%s", args, err, out, stderrOf(err))
	}
	answer := struct{ Result any }{result}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("inspector %q: %v in %s", args, err, out)
	}
}

func (i *inspector) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	all := []string{i.node.Script("@modelcontextprotocol/inspector/clients/launcher/build/index.js"), "--cli",
		"--config", i.config, "--server", named, "--protocol-era", i.era, "--format", "json"}
	command := exec.CommandContext(t.Context(), i.node.Program, append(all, args...)...)
	command.Env = i.env
	return command
}

func stderrOf(err error) []byte {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Stderr
	}
	return nil
}

func (i *inspector) tools(t *testing.T) []string {
	t.Helper()
	var listed listing
	i.do(t, &listed, "--method", "tools/list")
	return listed.names()
}

// listing is what the inspector and mcpdo print of tools/list.
type listing struct{ Tools []struct{ Name string } }

func (l listing) names() []string {
	names := make([]string, len(l.Tools))
	for n, tool := range l.Tools {
		names[n] = tool.Name
	}
	return names
}

// exportAndRead asks for progress, which the inspector does not show: the witness has it.
func (i *inspector) exportAndRead(t *testing.T, got *seen) {
	t.Helper()
	arguments, err := json.Marshal(exportArguments())
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		IsError bool
		Content []struct{ Type, URI string }
	}
	i.do(t, &result, "--method", "tools/call", "--tool-name", progressTool, "--tool-args-json", string(arguments), "--tool-metadata", "progressToken=inspector")
	got.IsError, got.Progress = result.IsError, i.witness.progress(t)
	for _, c := range result.Content {
		if c.Type == "resource_link" {
			got.URI = c.URI
		}
	}
	var read struct{ Contents []struct{ Blob []byte } }
	i.do(t, &read, "--method", "resources/read", "--uri", got.URI)
	got.Content = read.Contents[0].Blob
}
