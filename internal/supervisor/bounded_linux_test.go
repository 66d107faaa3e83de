package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/sandbox"
	"mcp-server/sdk"
)

// builtLauncher is the launcher, built for the tests that need it.
var builtLauncher = sync.OnceValues(func() (string, error) {
	path := filepath.Join(launcherFolder, sandbox.LauncherName)
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "mcp-server/cmd/mcp-server-launcher")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the launcher: %w: %s", err, out)
	}
	return path, nil
})

// launcher skips the test where plugins cannot be bounded.
func launcher(t testing.TB) string {
	t.Helper()
	path, err := builtLauncher()
	if err != nil {
		t.Fatal(err)
	}
	if missing := sandbox.Probe(path).Missing; missing != "" {
		t.Skip("not all bounds can be set here:", missing)
	}
	return path
}

// serveBounded is a plugin that declares hosts and folders, and tries whatever it is told.
func serveBounded() {
	sdk.Serve(sdk.Plugin{
		Name: "bounded", Version: "1.0.0", Description: "Tries its bounds.",
		Permissions: sdk.Permissions{
			Environment: []sdk.EnvVar{{Name: "BOUNDED_URL"}, {Name: "BOUNDED_FOLDERS"}},
			Hosts:       []string{"$BOUNDED_URL"}, Folders: []string{"$BOUNDED_FOLDERS", "~/.bounded", "odd"}, MemoryMiB: 512,
		},
		Tools: append([]sdk.Tool{
			tool("read", func(_ context.Context, _ *sdk.Call, in text) (text, error) {
				content, err := os.ReadFile(in.Text)
				return text{string(content)}, err
			}),
			tool("get", func(ctx context.Context, _ *sdk.Call, in text) (text, error) {
				door, err := url.Parse(os.Getenv(pluginv1.EgressKey))
				if err != nil {
					return text{}, err
				}
				return get(ctx, &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(door)}}, in.Text)
			}),
			tool("eat", func(context.Context, *sdk.Call, none) (number, error) {
				eaten := []byte{1}
				for {
					eaten = append(eaten, eaten...)
				}
			}),
			tool("get_directly", func(ctx context.Context, _ *sdk.Call, in text) (text, error) {
				return get(ctx, &http.Client{Transport: &http.Transport{}}, in.Text)
			}),
		}, kitchenTools()...),
	})
}

func get(ctx context.Context, client *http.Client, link string) (text, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return text{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return text{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return text{fmt.Sprintf("%d %s", response.StatusCode, body)}, err
}

// boundedKit has a server that the plugin may reach, and folders that it may read.
type boundedKit struct {
	*kit
	server        *httptest.Server
	home, private string
}

func newBoundedKit(t *testing.T, cfg Config) *boundedKit {
	t.Helper()
	b := &boundedKit{home: t.TempDir(), private: t.TempDir()}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(b.server.Close)
	for _, dir := range []string{b.home + "/.bounded", b.home + "/.ssh"} {
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(dir+"/file", []byte("content"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(b.private+"/file", []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Launcher, cfg.SandboxRequired = launcher(t), true
	cfg.Egress = egress.Start(egress.Config{})
	t.Cleanup(cfg.Egress.Close)
	cfg.LookupEnv = env(map[string]string{"HOME": b.home, "BOUNDED_URL": b.server.URL, "BOUNDED_FOLDERS": b.private + ":/nowhere"})
	b.kit = newKit(t, cfg)
	return b
}

func TestBounds(t *testing.T) {
	t.Parallel()
	staging := t.TempDir()
	k := newBoundedKit(t, Config{Staging: func(string) string { return staging }, Memory: 1 << 30})
	p := k.start("bounded")
	if s := p.Status(); !s.Sandboxed {
		t.Errorf("the status is %+v", s)
	}
	k.log.await(t, "declares folders that are none")
	for _, path := range []string{k.home + "/.bounded/file", k.private + "/file"} {
		if got := mustCall[text](t, p, "read", text{path}); got.Text != "content" {
			t.Errorf("%s holds %q", path, got.Text)
		}
	}
	for _, path := range []string{k.home + "/.ssh/file", fmt.Sprintf("/proc/%d/environ", os.Getpid())} {
		if out, err := call(t.Context(), p, "read", text{path}); err == nil || !strings.Contains(err.Error(), "denied") {
			t.Errorf("%s gives %s, %v", path, out, err)
		}
	}
	if got := mustCall[text](t, p, "get", text{k.server.URL}); got.Text != "200 hello" {
		t.Errorf("through the door comes %q", got.Text)
	}
	if got := mustCall[text](t, p, "get", text{"http://169.254.169.254/"}); !strings.HasPrefix(got.Text, "403 ") {
		t.Errorf("the metadata address gives %q", got.Text)
	}
	if _, err := call(t.Context(), p, "get_directly", text{k.server.URL}); err == nil {
		t.Error("a connection beside the door is possible")
	}
	inside := mustCall[text](t, p, "env", none{}).Text
	if !strings.Contains(inside, "GOMEMLIMIT=402653184") || !strings.Contains(inside, "https_proxy=http://") {
		t.Errorf("the environment is %s", inside)
	}
	p.mu.Lock()
	door := p.door
	p.mu.Unlock()
	if got := k.Redact("x " + door.Secret()); got != "x [redacted]" {
		t.Errorf("the door's password is told: %s", got)
	}
	wantEventsCross(t, p, staging)
	p.Stop(t.Context())
	if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", door.Port())); err == nil {
		_ = conn.Close()
		t.Error("the door is open after the stop")
	}
}

// wantEventsCross has the plugin hand a file over in a call's staging folder.
func wantEventsCross(t *testing.T, p *Plugin, root string) {
	t.Helper()
	staging := filepath.Join(root, "call")
	if err := os.Mkdir(staging, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := p.Call(t.Context(), Request{Tool: "events", Arguments: []byte(`{"text":"x"}`), CallID: "c7", StagingDir: staging}, pluginv1.Events{
		File: func(_ context.Context, f *pluginv1.File) *pluginv1.FileReply {
			if _, err := os.Stat(filepath.Join(staging, f.GetPath())); err != nil {
				t.Error(err)
			}
			return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: []byte(`{"uri":"artifact://x/file.txt"}`)}}
		},
	})
	if err != nil {
		t.Errorf("a file in the staging folder: %v", err)
	}
}

func TestOffSwitch(t *testing.T) {
	t.Parallel()
	off := func(string) bool { return false }
	k := newKit(t, Config{Launcher: launcher(t), Sandbox: off})
	if s := k.start("kitchen").Status(); s.Sandboxed {
		t.Errorf("the status is %+v", s)
	}
	for name, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"off":             {Config{Launcher: launcher(t), Sandbox: off}, "for this one they are switched off"},
		"no launcher":     {Config{}, "they cannot be set here: the launcher"},
		"absent launcher": {Config{Launcher: "/nowhere/launcher"}, "they cannot be set here"},
		"other program":   {Config{Launcher: "/bin/true"}, "they cannot be set here"},
	} {
		test.cfg.SandboxRequired = true
		k := newKit(t, test.cfg)
		b := pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}
		_, err := k.Plugin(b, Known{}).Start(t.Context())
		wantError(t, err, sdk.CodeFailedPrecondition, sdk.SourceHost, "plugin kitchen is not run", "sandbox: required", test.want)
		if _, err := k.Describe(t.Context(), b); err == nil {
			t.Errorf("%s: it is run to be described", name)
		}
	}
}

func TestMemoryBound(t *testing.T) {
	t.Parallel()
	k := newBoundedKit(t, Config{})
	p := k.start("bounded")
	_, err := call(t.Context(), p, "eat", none{})
	wantError(t, err, sdk.CodeUnavailable, sdk.SourcePlugin, "plugin bounded ended during the call")
	if !strings.Contains(err.Error(), "out of memory") && !strings.Contains(err.Error(), "exit status 66") { // the race detector's own
		t.Errorf("the error is %v", err)
	}
	mustCall[text](t, p, "echo", text{"in a fresh one"})
}

// TestBrokenLauncher has a launcher that is no program.
func TestBrokenLauncher(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "launcher")
	writeProgram(t, path, strings.NewReader("no program\n"))
	k := newKit(t, Config{Launcher: path})
	_, err := k.Plugin(pluginfolder.Binary{Name: "kitchen", Path: install(t, "kitchen")}, Known{}).Start(t.Context())
	wantError(t, err, sdk.CodeFailedPrecondition, sdk.SourcePlugin, "the program that bounds it cannot be run")
}
