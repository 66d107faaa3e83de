//go:build unix

package trial

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// TestMain makes this binary a plugin, good or bad, when it is started under another name.
func TestMain(m *testing.M) {
	if run, known := kinds()[filepath.Base(os.Args[0])]; known {
		run()
		return
	}
	flag.Parse()
	// The tests wait far more than they work: the race detector alone holds up each process's exit for a second.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// hosted says that a host started the process.
func hosted() bool { return os.Getenv(pluginv1.CookieKey) == pluginv1.CookieValue }

// kinds are the plugins, by name. Each breaks one check, and the good ones none.
func kinds() map[string]func() {
	raw := rogueKinds()
	for name, run := range map[string]func(){
		"good":     func() { serve(echo) },
		"storing":  func() { serve(echo, storing()) },
		"changing": func() { serve(changing()) },
		"exits":    whenHosted(func() { _, _ = fmt.Fprintln(os.Stderr, "the frobnicator is missing"); os.Exit(3) }),
		"mute":     whenHosted(func() { time.Sleep(time.Hour) }),
		"early":    whenHosted(func() { fmt.Println("loading \x1b[31m...") }),
		"deaf":     whenHosted(func() { _ = os.Unsetenv(pluginv1.StdinWatchKey) }),
		"late": func() {
			serve(doing(func(context.Context, *sdk.Call) { _, _ = os.NewFile(1, "stdout").WriteString("late\n") }))
		},
		"never":    func() { serve(doing(func(ctx context.Context, _ *sdk.Call) { <-ctx.Done() })) },
		"stubborn": func() { serve(doing(stubborn)) },
		"floods":   func() { serve(doing(flood)) },
		"tells":    func() { serve(doing(tell)) },
		"falls": func() {
			serve(doing(func(_ context.Context, c *sdk.Call) { c.Progress(2, 3, "two"); c.Progress(1, 3, "one") }))
		},
		"panics": func() {
			serve(doing(func(ctx context.Context, _ *sdk.Call) { later(ctx, func() { go panic("aside") }) }))
		},
		"quits":     func() { serve(doing(func(ctx context.Context, _ *sdk.Call) { later(ctx, func() { os.Exit(7) }) })) },
		"stops":     func() { serve(doing(func(ctx context.Context, _ *sdk.Call) { later(ctx, stop) })) },
		"leaves":    func() { serve(doing(leave)) },
		"wanders":   func() { serve(doing(wander)) },
		"strays":    func() { serve(straying()) },
		"misfits":   func() { serve(misfit()) },
		"hungry":    func() { serveWith(32, eating()) },
		"sleeper":   func() { time.Sleep(time.Hour) },
		"by_hand_0": func() { onlyHosted(); serve(echo) },
	} {
		raw[name] = run
	}
	return raw
}

// whenHosted does something before it serves, if a host started it.
func whenHosted(do func()) func() {
	return func() {
		if hosted() {
			do()
		}
		serve(echo)
	}
}

// onlyHosted ends without a word when a person starts it.
func onlyHosted() {
	if !hosted() && len(os.Args) == 1 {
		os.Exit(0)
	}
}

type text struct {
	Text string `json:"text,omitempty" jsonschema_description:"A text."`
}

func serve(tools ...sdk.Tool) { serveWith(0, tools...) }

// serveWith serves a plugin that declares an amount of memory.
func serveWith(mebibytes int, tools ...sdk.Tool) {
	sdk.Serve(sdk.Plugin{
		Name: "fixture", Version: "1.0.0", Description: "Does what the tests of the trial need.", Tools: tools,
		Permissions: sdk.Permissions{
			MemoryMiB: mebibytes, Environment: []sdk.EnvVar{{Name: "TRIAL_SECRET", Description: "A secret.", Secret: true}},
		},
	})
}

func spec(name string, hints sdk.Hints) sdk.ToolSpec {
	return sdk.ToolSpec{Name: name, Title: "Do", Hints: hints, Description: "Does what the tests of the trial need of a tool, and nothing else."}
}

var readOnly = sdk.Hints{ReadOnly: true, Idempotent: true}

var echo = doing(func(_ context.Context, call *sdk.Call) { call.Progress(1, 2, "half"); call.Logger().Info("logged") })

// doing is a tool that does something and returns its arguments.
func doing(do func(context.Context, *sdk.Call)) sdk.Tool {
	return sdk.NewTool(spec("do", readOnly), func(ctx context.Context, call *sdk.Call, in text) (text, error) {
		do(ctx, call)
		return in, ctx.Err()
	})
}

// changing is a tool that must not be called twice: the second call ends the process.
func changing() sdk.Tool {
	var calls atomic.Int32
	return sdk.NewTool(spec("do", sdk.Hints{Destructive: true}), func(_ context.Context, _ *sdk.Call, in text) (text, error) {
		if calls.Add(1) > 1 {
			os.Exit(9)
		}
		return in, nil
	})
}

type stored struct {
	Artifacts []sdk.Artifact `json:"artifacts"`
}

func storing() sdk.Tool {
	return sdk.NewTool(spec("store", readOnly), func(ctx context.Context, call *sdk.Call, _ text) (stored, error) {
		f, err := call.CreateFile()
		if err != nil {
			return stored{}, err
		}
		defer f.Discard()
		if _, err := io.WriteString(f, "content"); err != nil {
			return stored{}, err
		}
		a, err := f.Store(ctx, sdk.FileInfo{Name: "file.txt", MediaType: "text/plain"})
		return stored{Artifacts: []sdk.Artifact{a}}, err
	})
}

type narrow struct {
	Text string `json:"text" jsonschema:"minLength=5" jsonschema_description:"A long text."`
}

func misfit() sdk.Tool {
	return sdk.NewTool(spec("do", readOnly), func(context.Context, *sdk.Call, text) (narrow, error) { return narrow{"x"}, nil })
}

// later does something unless the call ends first.
func later(ctx context.Context, do func()) {
	select {
	case <-ctx.Done():
	case <-time.After(300 * time.Millisecond):
		do()
		<-ctx.Done()
	}
}

func stop() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) }

// stubborn answers in good time, but not when it is asked to end.
func stubborn(ctx context.Context, _ *sdk.Call) {
	select {
	case <-ctx.Done():
		time.Sleep(time.Hour)
	case <-time.After(300 * time.Millisecond):
	}
}

func flood(context.Context, *sdk.Call) {
	stderr := os.NewFile(2, "stderr")
	for range 100 {
		_, _ = fmt.Fprintln(stderr, strings.Repeat("x", 16<<10))
	}
}

func tell(_ context.Context, call *sdk.Call) {
	call.Logger().Info("using " + os.Getenv("TRIAL_SECRET"))
}

func leave(context.Context, *sdk.Call) {
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Args = []string{"sleeper"}
	cmd.Stdout, cmd.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// wander tries to reach what is not declared, as libraries do: through the proxy.
func wander(ctx context.Context, _ *sdk.Call) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://elsewhere.example/", http.NoBody)
	if err != nil {
		panic(err)
	}
	if answer, err := http.DefaultClient.Do(request); err == nil {
		_ = answer.Body.Close()
	}
}

// straying is a tool that connects without the proxy.
func straying() sdk.Tool {
	return sdk.NewTool(spec("do", readOnly), func(ctx context.Context, _ *sdk.Call, in text) (text, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:9")
		if err != nil && errors.Is(err, syscall.EACCES) {
			return in, err
		}
		if err == nil {
			_ = conn.Close()
		}
		return in, nil
	})
}

// eating is a tool that takes much memory, once.
func eating() sdk.Tool {
	var once sync.Once
	return doing(func(context.Context, *sdk.Call) {
		once.Do(func() {
			food := make([]byte, 64<<20)
			for i := 0; i < len(food); i += 4096 {
				food[i] = 1
			}
		})
	})
}
