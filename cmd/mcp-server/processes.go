package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"mcp-server/internal/host"
	"mcp-server/internal/sandbox"
	"mcp-server/internal/supervisor"
)

// processFlags say how plugins are run.
type processFlags struct {
	start       string
	idleTimeout time.Duration
	sandbox     string
	unsandboxed []string
	memory      byteSize
	lockFile    string
	cacheDir    string
	maxList     byteSize
	reattach    string
	ignoreLock  bool // no flag: commands that look at plugins before they are accepted
}

// addProcessFlags adds what every command needs that calls plugins.
func addProcessFlags(flags *pflag.FlagSet, f *processFlags) {
	flags.StringVar(&f.start, "start", string(host.StartLazy), "when plugins are started: lazy (by their first call), background (once the server serves) or eager (before)")
	flags.DurationVar(&f.idleTimeout, "idle-timeout", 10*time.Minute, "stop a plugin that was not called for so long; 0 for never")
	flags.StringVar(&f.reattach, "reattach", "", "plugins that run already, in `JSON` as a plugin's argument debug prints it, instead of processes of the server's own")
	addDescribeFlags(flags, f)
}

// addDescribeFlags adds what a command needs that asks the plugins of the folder what they are.
func addDescribeFlags(flags *pflag.FlagSet, f *processFlags) {
	f.memory, f.maxList = sandbox.DefaultMemory, 256<<10
	flags.StringVar(&f.sandbox, "sandbox", "on", "bound plugins by the kernel to what they declare: on (as far as it can), required (run none otherwise) or off")
	flags.StringSliceVar(&f.unsandboxed, "unsandboxed", nil, "`plugin` that is not bounded, while you develop it; may be repeated")
	flags.Var(&f.memory, "plugin-memory", "most memory of a plugin that declares no other; 0 for no bound")
	addLockFlag(flags, f)
	flags.StringVar(&f.cacheDir, "cache-dir", defaultCacheDir(), "folder that remembers what plugins offer; empty to ask them at every start")
	flags.Var(&f.maxList, "max-list-size", "most bytes of one plugin in tools/list; a plugin with more is left out; 0 for no bound")
}

func addLockFlag(flags *pflag.FlagSet, f *processFlags) {
	flags.StringVar(&f.lockFile, "lock", "", "file with the plugins that may run, and no others; plugins.lock.json in the plugins folder by default, and if that is not there all may")
}

// processes are the flags as the host takes them.
func (f processFlags) processes() (host.Processes, error) {
	mode := host.StartMode(cmp.Or(f.start, string(host.StartLazy)))
	if !slices.Contains([]host.StartMode{host.StartLazy, host.StartBackground, host.StartEager}, mode) {
		return host.Processes{}, usageError{fmt.Errorf("--start takes lazy, background or eager, not %q", f.start)}
	}
	if !slices.Contains([]string{"", "on", "required", "off"}, f.sandbox) {
		return host.Processes{}, usageError{fmt.Errorf("--sandbox takes on, required or off, not %q", f.sandbox)}
	}
	if f.sandbox == "required" && len(f.unsandboxed) > 0 {
		return host.Processes{}, usageError{errors.New("--sandbox required and --unsandboxed contradict each other; leave one out")}
	}
	if f.sandbox == "required" {
		if missing := sandbox.Probe(launcher()).Missing; missing != "" {
			return host.Processes{}, fmt.Errorf("--sandbox required: plugins cannot be bounded here (%s), so none would run", missing)
		}
	}
	if f.idleTimeout < 0 {
		return host.Processes{}, usageError{fmt.Errorf("--idle-timeout takes a time such as 10m, or 0 for never, not %s", f.idleTimeout)}
	}
	attached, err := supervisor.ParseReattach(f.reattach)
	if err != nil {
		return host.Processes{}, usageError{fmt.Errorf("--reattach: %w", err)}
	}
	return host.Processes{
		Attached: attached, Start: mode, CacheDir: f.cacheDir, LockFile: f.lockFile, IgnoreLock: f.ignoreLock, IdleTimeout: f.idleTimeout, Launcher: launcher(),
		Sandbox:         func(plugin string) bool { return f.sandbox != "off" && !slices.Contains(f.unsandboxed, plugin) },
		SandboxRequired: f.sandbox == "required", Memory: uint64(f.memory), MaxListBytes: int(f.maxList),
	}, nil
}

// launcher is the program beside this one that bounds plugins; empty where there is none.
func launcher() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	return programBeside(sandbox.LauncherName)
}

// defaultCacheDir is empty where the system names no folder for caches.
func defaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "mcp-server", "plugins")
}

// watch keeps the host up to date with the plugins folder until the returned function is called.
func watch(ctx context.Context, h *host.Host) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Watch(ctx, hangups())
	}()
	return func() {
		cancel()
		<-ended
	}
}
