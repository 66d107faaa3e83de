package sdktest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// witness is a test that notes what it is told, and goes on.
type witness struct {
	testing.TB
	mu   sync.Mutex
	told []string
}

func (w *witness) Helper() {}

func (w *witness) Error(args ...any) { w.tell(fmt.Sprint(args...)) }

func (w *witness) Errorf(format string, args ...any) { w.tell(fmt.Sprintf(format, args...)) }

func (w *witness) Fatal(args ...any) {
	w.tell(fmt.Sprint(args...))
	runtime.Goexit()
}

func (w *witness) Fatalf(format string, args ...any) { w.Fatal(fmt.Sprintf(format, args...)) }

func (w *witness) tell(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, text)
}

// watch returns what a check tells the test.
func watch(t *testing.T, check func(testing.TB)) string {
	t.Helper()
	w := &witness{TB: t}
	var done sync.WaitGroup
	done.Go(func() { check(w) })
	done.Wait()
	return strings.Join(w.told, "\n")
}

func TestInventory(t *testing.T) {
	t.Parallel()
	type labels struct {
		Labels map[string]string `json:"labels" jsonschema_description:"Any."`
	}
	maps := plugin()
	maps.Tools = append(maps.Tools, sdk.NewTool(sdk.ToolSpec{
		Name: "test_map", Title: "A map", Description: "Takes a map, which strict clients do not know, for a test of this package.",
	}, func(context.Context, *sdk.Call, labels) (out, error) { return out{}, nil }))
	for name, tc := range map[string]struct {
		plugin  sdk.Plugin
		excused []string
		want    string
	}{
		"good":       {plugin: plugin()},
		"excused":    {plugin: maps, excused: []string{"test_map closed"}},
		"a map":      {plugin: maps, want: "test_map: input.labels is a map"},
		"no excuse":  {plugin: plugin(), excused: []string{"test_map closed"}, want: `"test_map closed" excuses nothing`},
		"no plugin":  {plugin: sdk.Plugin{}, want: "defined wrongly"},
		"not enough": {plugin: maps, excused: []string{"test_map name"}, want: "excuses nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := watch(t, func(t testing.TB) { sdktest.Inventory(t, tc.plugin, tc.excused...) })
			if !strings.Contains(told, tc.want) || tc.want == "" && told != "" {
				t.Errorf("told %q, want %q", told, tc.want)
			}
		})
	}
}

func TestGolden(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "golden")
	check := func(t testing.TB) { sdktest.Golden(t, plugin(), dir) }
	if told := watch(t, check); !strings.Contains(told, "run SDKTEST_UPDATE=1 go test") {
		t.Errorf("without files: %q", told)
	}
	t.Setenv(sdktest.UpdateVariable, "1")
	if told := watch(t, check); told != "" {
		t.Errorf("writing: %q", told)
	}
	stray := filepath.Join(dir, "gone.json")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(sdktest.UpdateVariable, "")
	if told := watch(t, check); !strings.Contains(told, "belongs to no tool") {
		t.Errorf("a stray file: %q", told)
	}
	t.Setenv(sdktest.UpdateVariable, "1")
	_ = watch(t, check)
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("the stray file: %v", err)
	}
	t.Setenv(sdktest.UpdateVariable, "")
	path := filepath.Join(dir, "test_run.json")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(strings.Replace(string(content), `"size": {`, `"amount": {`, 1), "\n", "\r\n")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	told := watch(t, check)
	for _, want := range []string{`breaking: test_run: argument "amount" is gone`, `compatible: test_run: argument "size" is new`} {
		if !strings.Contains(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	}
}

// TestBinary runs a table of cases in memory and as a process.
func TestBinary(t *testing.T) {
	t.Parallel()
	for name, h := range sdktest.Both(t, plugin(), "testdata/plugin") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := h.Call(t.Context(), "test_run", map[string]any{"mode": "panic"}); r.Err == nil || r.Err.Code != sdk.CodeInternal {
				t.Errorf("got %v", r.Err)
			}
		})
	}
	t.Run("environment", func(t *testing.T) {
		t.Parallel()
		binary := sdktest.Build(t, "testdata/plugin")
		h := sdktest.Binary(t, binary, map[string]string{"TEST_DECLARED": "yes", "TEST_OTHER": "no"})
		h.Inventory()
		want := `{"declared":"yes","other":"","home":""}`
		if r := h.Call(t.Context(), "test_environment", nil); string(r.JSON) != want {
			t.Errorf("got %s, %v", r.JSON, r.Err)
		}
	})
}

func TestBinaryThatIsNone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows runs no shell scripts")
	}
	for script, want := range map[string]string{
		"#!/bin/sh\necho hello\ncat >/dev/null\n": `first line is "hello\n"`,
		"#!/bin/sh\nexit 3\n":                     `first line is ""`,
	} {
		path := filepath.Join(t.TempDir(), "plugin")
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		if told := watch(t, func(t testing.TB) { sdktest.Binary(t, path, nil) }); !strings.Contains(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	}
	if told := watch(t, func(t testing.TB) { sdktest.Binary(t, "not/there", nil) }); !strings.Contains(told, "starting the plugin") {
		t.Errorf("told %q", told)
	}
}

// TestGoldenOfAProcess wants a process to describe itself as the same plugin does in memory, which wrote the files.
func TestGoldenOfAProcess(t *testing.T) {
	t.Parallel()
	const folder = "../../docs/example-plugin"
	h := sdktest.Binary(t, sdktest.Build(t, folder), nil)
	h.Golden(folder + "/testdata/tools")
	h.Inventory()
}
