//go:build unix

package trial

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shortLimits end soon what never would. The race detector alone holds up a process's exit for a second.
func shortLimits() limits {
	l := defaultLimits()
	l.start, l.call, l.sign, l.end = 4*time.Second, 4*time.Second, 3*time.Second, 4*time.Second
	return l
}

// install makes the test binary available under another name.
func install(t *testing.T, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// names returns the names of the checks that have a state.
func names(outcomes []Outcome, state string) []string {
	var found []string
	for _, o := range outcomes {
		if o.State == state {
			found = append(found, o.Name)
		}
	}
	return found
}

// reasonOf returns what is said of a check.
func reasonOf(outcomes []Outcome, name string) string {
	for _, o := range outcomes {
		if o.Name == name {
			return o.Reason
		}
	}
	return ""
}

// build makes a program of this module.
func build(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(folder))
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "mcp-server/"+folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func TestExamplePassesEverything(t *testing.T) {
	t.Parallel()
	path := build(t, "docs/example-plugin")
	withTool := Options{Path: path, Tool: "text_shout", Arguments: []byte(`{"text":"hello"}`)}
	skipped := []string{"good_call", "connections", "log_volume", "cancelled", "parallel", "deadline"}
	for name, c := range map[string]struct {
		options Options
		skipped []string
	}{
		"with a tool":    {withTool, nil},
		"without a tool": {Options{Path: path}, skipped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reported []Outcome
			outcomes, err := Run(t.Context(), c.options, func(o Outcome) { reported = append(reported, o) })
			if err != nil {
				t.Fatal(err)
			}
			want := c.skipped
			if runtime.GOOS != "linux" {
				want = append(want, "memory")
			}
			if diff := cmp.Diff(want, names(outcomes, Skipped)); diff != "" {
				t.Errorf("skipped: %s", diff)
			}
			if failed := names(outcomes, Failed); failed != nil || len(outcomes) != len(checks()) {
				t.Errorf("of %d outcomes these failed: %q", len(outcomes), failed)
			}
			if diff := cmp.Diff(reported, outcomes); diff != "" {
				t.Errorf("reported: %s", diff)
			}
			for _, o := range outcomes {
				t.Logf("%-17s %-8s %6s %s", o.Name, o.State, o.Took.Round(time.Millisecond), o.Reason)
			}
		})
	}
}

// TestBadPlugins wants every bad plugin to fail exactly what it breaks, and to be told why.
func TestBadPlugins(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ check, reason string }{
		"good":      {},
		"raw":       {},
		"storing":   {},
		"changing":  {},
		"by_hand_0": {"by_hand", "exit code 0"},
		"exits":     {"handshake", "it ended before its handshake: exit status 3; its last words: the frobnicator is missing"},
		"mute":      {"handshake", "no handshake came within"},
		"early":     {"handshake", `loading \x1b[31m`},
		"moody":     {"describe", "it says something else"},
		"schema":    {"manifest", "compiling it"},
		"untyped":   {"manifest", "object"},
		"nameless":  {"manifest", "is not usable"},
		"garbage":   {"manifest", "reading the description"},
		"demands":   {"configure", "there is no token"},
		"fragile":   {"bad_arguments", "panic: that is no JSON"},
		"gullible":  {"bad_arguments", "answered with a result"},
		"default":   {"large_arguments", "raise the server's limit"},
		"hasty":     {"good_call", "Begun must come first"},
		"vague":     {"running", "implement the rpc Running"},
		"never":     {"good_call", "it did not answer within 4s"},
		"misfits":   {"good_call", "minLength"},
		"falls":     {"good_call", "the progress falls from 2 to 1"},
		"lies":      {"good_call", "the SHA-256 of the file file is"},
		"panics":    {"good_call", "panic: aside"},
		"quits":     {"good_call", "exit status 7"},
		"stops":     {"good_call", "no sign of life"},
		"wanders":   {"connections", "elsewhere.example, port 443, was refused"},
		"floods":    {"log_volume", "it logged 1638"},
		"tells":     {"log_volume", "the value of TRIAL_SECRET is in what it logs"},
		"stubborn":  {"cancelled", "still runs 4s after it was cancelled"},
		"late":      {"standard_output", `late\n`},
		"open":      {"drain", "not refused with the status Unavailable"},
		"leaving":   {"drain", "it ended"},
		"hungry":    {"memory", "MiB of memory, and it may have 32"},
		"stays":     {"shutdown", "it still runs 4s after it was asked to"},
		"deaf":      {"standard_input", "it still runs"},
		"leaves":    {"nothing_left", "it left processes behind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Path: install(t, name), Tool: "do", Environment: map[string]string{"TRIAL_SECRET": "hunter2222"}}
			if name == "storing" {
				o.Tool = "store"
			}
			if want.check == "manifest" {
				o.Tool = ""
			}
			outcomes, err := run(t.Context(), o, shortLimits(), nil)
			if err != nil {
				t.Fatal(err)
			}
			failed := names(outcomes, Failed)
			if got := strings.Join(failed, " "); got != want.check {
				t.Errorf("failed: %q; want %q", got, want.check)
			}
			for _, f := range failed {
				t.Logf("%s: %s", f, reasonOf(outcomes, f))
			}
			if reason := reasonOf(outcomes, want.check); !strings.Contains(reason, want.reason) {
				t.Errorf("the reason %q lacks %q", reason, want.reason)
			}
		})
	}
}

func TestMistakesOfTheCaller(t *testing.T) {
	t.Parallel()
	good := install(t, "good")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"no file":        {Options{Path: text + "x"}, "no such file"},
		"not executable": {Options{Path: text}, "is not an executable file"},
		"no tool":        {Options{Path: good, Arguments: []byte("{}")}, "no tool to call"},
		"unknown tool":   {Options{Path: good, Tool: "undo"}, `there is no "undo"; there are do`},
		"wrong argument": {Options{Path: good, Tool: "do", Arguments: []byte(`{"tekst":"x"}`)}, "tekst"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Run(t.Context(), c.options, nil)
			if _, ok := errors.AsType[Mistake](err); !ok || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; want %q in it", err, c.want)
			}
		})
	}
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := install(t, "never")
	outcomes, err := Run(ctx, Options{Path: path, Tool: "do"}, func(o Outcome) {
		if o.Name == "running" { // the call that never answers is next
			time.AfterFunc(200*time.Millisecond, cancel)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if last := outcomes[len(outcomes)-1]; last.Name != "good_call" || last.State != Skipped || last.Reason != "interrupted" {
		t.Errorf("the last outcome is %+v", last)
	}
}

func TestWholeTime(t *testing.T) {
	t.Parallel()
	l := shortLimits()
	l.whole, l.call = 8*time.Second, time.Minute
	outcomes, err := run(t.Context(), Options{Path: install(t, "never"), Tool: "do"}, l, nil)
	if err != nil {
		t.Fatal(err)
	}
	if failed := names(outcomes, Failed); len(failed) != 1 || !strings.Contains(reasonOf(outcomes, failed[0]), "the trial's time of 8s is over") {
		t.Errorf("failed: %q: %+v", failed, outcomes)
	}
	if reason := reasonOf(outcomes, "killed"); reason != "the trial's time is over" {
		t.Errorf("the last check: %q", reason)
	}
}
