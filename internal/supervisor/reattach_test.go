package supervisor

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

func TestParseReattach(t *testing.T) {
	t.Parallel()
	for text, tc := range map[string]struct {
		want  map[string]Attached
		wrong string
	}{
		"": {},
		`{"a":{"pid":7,"network":"unix","address":"/tmp/x/plugin"}}`: {want: map[string]Attached{"a": {7, "unix", "/tmp/x/plugin"}}},
		`{"a":{"pid":7,"network":"tcp","address":"[::1]:40"},"b":{"network":"tcp","address":"127.0.0.1:41"}}`: {
			want: map[string]Attached{"a": {7, "tcp", "[::1]:40"}, "b": {0, "tcp", "127.0.0.1:41"}}},
		`MCP_SERVER_REATTACH={}`: {wrong: "as <plugin> debug prints it"},
		`{} {}`:                  {wrong: "more behind"},
		`{"a":{"pid":7,"network":"unix","address":"/x","test":true}}`: {wrong: "unknown field"},
		`{"a":{"network":"unix","address":"x"}}`:                      {wrong: "absolute path"},
		`{"a":{"network":"tcp","address":"192.0.2.1:40"}}`:            {wrong: "loopback"},
		`{"a":{"network":"tcp","address":"localhost:40"}}`:            {wrong: "loopback"},
		`{"a":{"network":"udp","address":"127.0.0.1:40"}}`:            {wrong: "neither unix nor tcp"},
	} {
		got, err := ParseReattach(text)
		if (err != nil) != (tc.wrong != "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
			t.Errorf("%s: got %v, want %q", text, err, tc.wrong)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}

func TestDialAttached(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := Attached{PID: os.Getpid(), Network: "tcp", Address: listener.Addr().String()}
	ctx, cancel := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() { _ = sdk.ServeListener(ctx, attachedPlugin(), listener, slog.New(slog.DiscardHandler)) })
	l, err := dialAttached(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.conn.Close() }()
	result, err := pluginv1.Invoke(t.Context(), l, &pluginv1.Start{Tool: "attached_echo", Arguments: []byte(`{"text":"a"}`)}, pluginv1.Events{})
	if err != nil || string(result) != `{"text":"a"}` {
		t.Errorf("got %s, %v", result, err)
	}
	cancel()
	served.Wait()
	if _, err := dialAttached(t.Context(), at); err == nil || !strings.Contains(err.Error(), "start it again with its argument debug") {
		t.Errorf("dialling what is gone: %v", err)
	}
}

// TestAttachToAProcess takes the line that a plugin's binary prints, calls it, and interrupts it.
func TestAttachToAProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows interrupts no process")
	}
	path := filepath.Join(t.TempDir(), "plugin") // without sdktest, which would make this test's own plugins slower to start
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../docs/example-plugin").CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, out)
	}
	command := exec.CommandContext(t.Context(), path, "debug")
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, value, _ := strings.Cut(line, "=")
	all, err := ParseReattach(value)
	at := all["text-shout"]
	if err != nil || at.PID != command.Process.Pid {
		t.Fatalf("%q: %v", line, err)
	}
	l, err := dialAttached(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.conn.Close() }()
	result, err := pluginv1.Invoke(t.Context(), l, &pluginv1.Start{Tool: "text_shout", Arguments: []byte(`{"text":"a"}`)}, pluginv1.Events{})
	if err != nil || string(result) != `{"text":"A"}` {
		t.Errorf("got %s, %v", result, err)
	}
	if err := errors.Join(command.Process.Signal(os.Interrupt), command.Wait()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(at.Address)); !os.IsNotExist(err) {
		t.Errorf("the socket's folder is left: %v", err)
	}
}

type attachedText struct {
	Text string `json:"text" jsonschema_description:"Any text."`
}

func attachedPlugin() sdk.Plugin {
	return sdk.Plugin{Name: "attached", Version: "1", Description: "A plugin of a test.", Tools: []sdk.Tool{
		sdk.NewTool(sdk.ToolSpec{Name: "attached_echo", Title: "Echo", Description: "Returns the text that it was given, for a test of this package."},
			func(_ context.Context, _ *sdk.Call, in attachedText) (attachedText, error) { return in, nil }),
	}}
}
