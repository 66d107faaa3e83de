package nodeplugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

func request(tool, arguments, folder string) supervisor.Request {
	return supervisor.Request{Tool: tool, Arguments: json.RawMessage(arguments), CallID: "c1", StagingDir: folder}
}

func pid(k *kit) string { return strconv.Itoa(k.Status().PID) }

// server runs the real server once, with a data folder and no plugins but those of this package.
func server(t *testing.T, data string, args ...string) (stdout string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(dir, "mcp-server"), args...)
	command.Env = []string{"HOME=" + data, "TMPDIR=" + shortDir(t), "MCP_SERVER_DATA_DIR=" + data, "CSV_SEPARATOR=;"}
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	err = command.Run()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mcp-server %s:\n%s%s", strings.Join(args, " "), &out, &log)
		}
	})
	return out.String(), err
}

// TestDescribe compares what the plugin prints with what it tells a host.
func TestDescribe(t *testing.T) {
	t.Parallel()
	k := start(t, "node-plugin")
	told, err := k.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := exec.CommandContext(t.Context(), filepath.Join(dir, "plugins", "node-plugin"), "describe").Output()
	if err != nil {
		t.Fatal(err)
	}
	var printed sdk.Manifest
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&printed); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*sdk.Manifest{&printed, &told} {
		for i := range m.Tools {
			m.Tools[i].InputSchema, m.Tools[i].OutputSchema = compact(t, m.Tools[i].InputSchema), compact(t, m.Tools[i].OutputSchema)
		}
	}
	if diff := cmp.Diff(told, printed); diff != "" {
		t.Error(diff)
	}
	if !told.Acknowledges || len(told.Tools) != 3 {
		t.Errorf("the manifest acknowledges: %t, and has %d tools", told.Acknowledges, len(told.Tools))
	}
}

func compact(t *testing.T, raw []byte) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestServer stores a file through the real server, twice, which makes the store compute the checksum anew.
func TestServer(t *testing.T) {
	t.Parallel()
	need(t)
	data, plugins := t.TempDir(), filepath.Join(dir, "plugins")
	var got struct{ Artifacts []sdk.Artifact }
	for range 2 {
		out, err := server(t, data, "call", "table_write_csv", "--plugins", plugins, "-o", "json",
			"--args", `{"name":"sales","columns":["month","sum"],"rows":[["May","7;5"]]}`)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(got.Artifacts[0].Path)
	if want := "month;sum\r\nMay;\"7;5\"\r\n"; string(content) != want || err != nil {
		t.Errorf("the stored file holds %q, %v; want %q", content, err, want)
	}
	if out, err := server(t, data, "artifact", "fsck"); err != nil || !strings.Contains(out, "nothing is wrong") {
		t.Errorf("the store is checked: %v\n%s", err, out)
	}
	_, err = server(t, data, "call", "text_statistics", "--plugins", plugins, "--args", `{"text":"x","language":"no language"}`)
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 {
		t.Errorf("a refused argument ends the command with %v", err)
	}
}

// TestEndsWithItsHost closes the standard input of a plugin that was started without a host behind it.
func TestEndsWithItsHost(t *testing.T) {
	t.Parallel()
	need(t)
	command := exec.CommandContext(t.Context(), filepath.Join(dir, "plugins", "node-plugin"))
	command.Env = []string{
		"MCP_SERVER_PLUGIN=mcp-server/plugin/v1", "MCP_SERVER_PLUGIN_STDIN=1", "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR=" + shortDir(t),
	}
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, err := out.Read(line)
	if !strings.HasPrefix(string(line[:n]), "1|1|unix|/") || err != nil {
		t.Errorf("the handshake is %q, %v", line[:n], err)
	}
	_ = in.Close()
	if rest, err := io.ReadAll(out); len(rest) > 0 || err != nil {
		t.Errorf("it also wrote %q, %v", rest, err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestRefusals starts the plugin in ways that no host does.
func TestRefusals(t *testing.T) {
	t.Parallel()
	need(t)
	for name, c := range map[string]struct {
		env  []string
		args []string
		exit int
		says string
	}{
		"by hand":         {nil, nil, 2, "plugins folder"},
		"unknown command": {nil, []string{"serve"}, 2, "plugins folder"},
		"other version":   {[]string{"MCP_SERVER_PLUGIN=mcp-server/plugin/v1", "PLUGIN_PROTOCOL_VERSIONS=2,3"}, nil, 1, "version 2,3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(dir, "plugins", "node-plugin"), c.args...)
			command.Env = append([]string{}, c.env...)
			said, err := command.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != c.exit || !strings.Contains(string(said), c.says) {
				t.Errorf("it ended with %v and said %s", err, said)
			}
		})
	}
}
