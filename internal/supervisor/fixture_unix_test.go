//go:build unix

package supervisor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcp-server/sdk"
)

// TestMain makes this binary a plugin, or something worse, when it is started under another name. A plugin gets no
// environment and no arguments, so its name is all that can tell it what to be.
func TestMain(m *testing.M) {
	kind, _, _ := strings.Cut(filepath.Base(os.Args[0]), "-")
	if run, known := kinds()[kind]; known {
		run()
		return
	}
	flag.Parse()
	// The tests wait far more than they work: the race detector alone holds up each process's exit for a second.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(withLauncherFolder(m.Run))
}

// launcherFolder is where the tests that need the launcher build it.
var launcherFolder string

func withLauncherFolder(run func() int) int {
	dir, err := os.MkdirTemp("", "supervisor-launcher-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	launcherFolder = dir
	return run()
}

func kinds() map[string]func() {
	return map[string]func(){
		"kitchen":    serveKitchen,
		"bounded":    serveBounded,
		"host":       runHost,
		"rogue":      serveRogue(rogueManifest),
		"rogue_json": serveRogue("{"),
		"rogue_name": serveRogue(`{"name":"../x"}`),
		"rogue_env":  serveRogue(`{"name":"x","permissions":{"environment":[{"name":"A=B"}]}}`),
		"sleeper": func() {
			signal.Ignore(syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGPIPE)
			time.Sleep(time.Hour)
		},
		"undescribed": serveUndescribed,
		"silent":      func() { _, _ = io.Copy(io.Discard, os.Stdin) },
		"exits":       func() { _, _ = fmt.Fprintln(os.Stderr, "the frobnicator is missing"); os.Exit(3) },
		"panics":      func() { panic("at once") },
		"stops":       func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) },
		"ends":        func() {},
		"deaf":        func() { _ = os.Unsetenv("MCP_SERVER_PLUGIN_STDIN"); serveKitchen() },
		"forgetful":   func() { forget(); serveKitchen() },
		"noisy":       func() { makeNoise(os.Stdout, os.Stderr); serveKitchen() },
		"version9": func() {
			fmt.Printf("1|9|unix|%s/x|grpc|\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
			time.Sleep(time.Hour)
		},
		"crooked": func() {
			link := os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/link"
			_ = os.Symlink(filepath.Join(filepath.Dir(os.Args[0]), "other"), link)
			fmt.Printf("1|1|unix|%s|grpc|\n", link)
			time.Sleep(time.Hour)
		},
		"stranger": func() { fmt.Println("1|1|unix|/tmp/elsewhere|grpc|"); time.Sleep(time.Hour) },
		"nobody": func() {
			fmt.Printf("1|1|unix|%s/none|grpc|\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
			time.Sleep(time.Hour)
		},
	}
}

// makeNoise writes what has broken plugin hosts before.
func makeNoise(stdout, stderr io.Writer) {
	long := strings.Repeat("x", 8<<20)
	for _, w := range []io.Writer{stderr, stdout} {
		_, _ = fmt.Fprintf(w, "%s\n", long)
		_, _ = fmt.Fprintln(w, `{"@message":42}`)
		_, _ = fmt.Fprintln(w, `{"@level":{},"@message":["a"],"@timestamp":7,"x":null}`)
		_, _ = fmt.Fprintln(w, `{"level":1e99,"msg":{"deep":[1]},"time":false}`)
		_, _ = w.Write([]byte{0, 1, 2, 0xff, 0xfe, '\r', 0x1b, '[', '3', '1', 'm', '\n', '\n', '|', '|', '\n'})
		_, _ = fmt.Fprint(w, long) // and no newline
	}
}

type none struct{}

type number struct {
	N int `json:"n" jsonschema_description:"A number."`
}

type text struct {
	Text string `json:"text" jsonschema_description:"A text."`
}

func serveKitchen() {
	stdout, stderr := os.Stdout, os.Stderr // Serve replaces the variables
	var stolen atomic.Int64
	if os.Getenv("MCP_SERVER_PLUGIN_STDIN") != "1" {
		go func() { n, _ := io.Copy(io.Discard, os.Stdin); stolen.Store(n) }()
	}
	sdk.Serve(sdk.Plugin{
		Name: "kitchen", Version: "1.0.0", Description: "Does what tests need.",
		Permissions: sdk.Permissions{Environment: []sdk.EnvVar{
			{Name: "KITCHEN_PLAIN"}, {Name: "KITCHEN_SECRET", Secret: true}, {Name: "KITCHEN_ABSENT"},
		}},
		Tools: append([]sdk.Tool{
			tool("stdin", func(context.Context, *sdk.Call, none) (number, error) { return number{int(stolen.Load())}, nil }),
			tool("noise", func(context.Context, *sdk.Call, none) (text, error) {
				makeNoise(stdout, stderr)
				return text{"done"}, nil
			}),
			tool("flood", func(_ context.Context, _ *sdk.Call, in number) (text, error) {
				for i := range in.N {
					_, _ = fmt.Fprintf(stderr, "flood %d\n", i)
				}
				return text{"done"}, nil
			}),
			tool("say", func(_ context.Context, _ *sdk.Call, in text) (text, error) {
				_, _ = fmt.Fprintln(stderr, in.Text)
				fmt.Println("printed " + in.Text)
				return in, nil
			}),
		}, kitchenTools()...),
	})
}

func tool[In, Out any](name string, handler sdk.Handler[In, Out]) sdk.Tool {
	return sdk.NewTool(sdk.ToolSpec{
		Name: name, Title: name, Description: "Does what the tests of the supervisor need: " + name + ".",
	}, handler)
}

func kitchenTools() []sdk.Tool {
	return []sdk.Tool{
		tool("echo", func(_ context.Context, _ *sdk.Call, in text) (text, error) { return in, nil }),
		tool("env", func(context.Context, *sdk.Call, none) (text, error) {
			return text{strings.Join(os.Environ(), "\n")}, nil
		}),
		tool("exit", func(_ context.Context, _ *sdk.Call, in number) (none, error) { os.Exit(in.N); return none{}, nil }),
		tool("panic", func(context.Context, *sdk.Call, none) (none, error) { panic("in the handler") }),
		tool("panic_aside", func(ctx context.Context, _ *sdk.Call, _ none) (none, error) {
			go panic("in a goroutine, with " + os.Getenv("KITCHEN_SECRET"))
			<-ctx.Done()
			return none{}, nil
		}),
		tool("big", func(_ context.Context, _ *sdk.Call, in number) (text, error) {
			return text{strings.Repeat("b", in.N)}, nil
		}),
		tool("wait", func(ctx context.Context, call *sdk.Call, _ none) (none, error) {
			call.Progress(0, 0, "waiting")
			<-ctx.Done()
			time.Sleep(200 * time.Millisecond) // a handler that has something to put in order
			_, _ = fmt.Fprintln(os.Stderr, "the handler saw", ctx.Err())
			return none{}, ctx.Err()
		}),
		tool("stubborn", func(_ context.Context, call *sdk.Call, _ none) (none, error) {
			call.Progress(0, 0, "waiting")
			time.Sleep(time.Hour)
			return none{}, nil
		}),
		tool("fail", func(_ context.Context, _ *sdk.Call, in text) (none, error) {
			return none{}, &sdk.Error{
				Code: sdk.CodeNotFound, Source: sdk.SourceCloud, RetryAfter: time.Second,
				Message: in.Text + os.Getenv("KITCHEN_SECRET"), Cause: errors.New("private"),
			}
		}),
		tool("exit_once", exitOnce),
		tool("spawn", spawn),
		tool("events", events),
	}
}

// exitOnce ends the process unless the file is there, which it makes.
func exitOnce(_ context.Context, call *sdk.Call, in text) (text, error) {
	if _, err := os.Stat(in.Text); err == nil {
		return text{"the second time"}, nil
	}
	call.Progress(0, 0, "running")
	if err := os.WriteFile(in.Text, nil, 0o600); err != nil {
		return text{}, err
	}
	os.Exit(5)
	return text{}, nil
}

// spawn leaves a child behind that holds the plugin's real output pipes.
func spawn(context.Context, *sdk.Call, none) (number, error) {
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Args = []string{"sleeper"}
	cmd.Stdout, cmd.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	if err := cmd.Start(); err != nil {
		return number{}, err
	}
	return number{cmd.Process.Pid}, nil
}

func events(ctx context.Context, call *sdk.Call, in text) (text, error) {
	call.Progress(1, 2, "half of "+in.Text)
	call.Logger().Info("logged "+in.Text, "link", "https://host/path?Signature="+in.Text)
	f, err := call.CreateFile()
	if err != nil {
		return text{}, err
	}
	defer f.Discard()
	if _, err := io.WriteString(f, "content"); err != nil {
		return text{}, err
	}
	artifact, err := f.Store(ctx, sdk.FileInfo{Name: "file.txt", MediaType: "text/plain"})
	return text{artifact.URI}, err
}
