package scaffold_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/scaffold"
)

var source = filepath.Join("..", "..")

// TestNewModule writes a module outside the source and does in it what its README says, without a network.
func TestNewModule(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"weather-show-forecast", "weather"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, plugins := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "plugins")
			if err := scaffold.New(dir, name, scaffold.Options{ServerSource: source, Plugins: plugins}); err != nil {
				t.Fatal(err)
			}
			tool := map[string]string{"weather": "weather_shout"}[name]
			if tool == "" {
				tool = "weather_show_forecast"
			}
			run(t, dir, "go", "vet", "./...")
			run(t, dir, "go", "test", "./...")
			if unformatted := run(t, dir, "gofmt", "-l", "."); unformatted != "" {
				t.Errorf("not formatted: %s", unformatted)
			}
			run(t, dir, "make", "install")
			binary := filepath.Join(plugins, name)
			if described := run(t, dir, binary, "describe"); !strings.Contains(described, `"name": "`+tool+`"`) {
				t.Errorf("described %s", described)
			}
			if left := run(t, plugins, "ls", "-A"); strings.TrimSpace(left) != name {
				t.Errorf("installed %q", left)
			}
		})
	}
}

func TestTidy(t *testing.T) {
	t.Setenv("GOPROXY", "off") // everything is in the module cache
	t.Setenv("GOFLAGS", "-mod=mod")
	dir := filepath.Join(t.TempDir(), "weather")
	if err := scaffold.New(dir, "weather", scaffold.Options{ServerSource: source}); err != nil {
		t.Fatal(err)
	}
	if err := scaffold.Tidy(t.Context(), dir); err != nil {
		t.Skip(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || strings.Contains(string(content), "cobra") || !strings.Contains(string(content), "grpc") {
		t.Errorf("%v: %s", err, content)
	}
	run(t, dir, "go", "build", "-o", "bin/", ".")
}

// run runs a program without a network and returns its output.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off", "MCP_SERVER_PLUGINS=", "MAKEFLAGS=")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, output)
	}
	return string(output)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	occupied := t.TempDir()
	if err := os.WriteFile(filepath.Join(occupied, "main.go"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(occupied, "main.go")
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "go.mod"), []byte("module other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := scaffold.Options{ServerSource: source}
	for name, tc := range map[string]struct {
		dir, name string
		options   scaffold.Options
		want      string
	}{
		"no name":          {name: "", options: good, want: "weather-show-forecast"},
		"capitals":         {name: "Weather", options: good, want: "lower-case"},
		"underscore":       {name: "a_b", options: good, want: "hyphens"},
		"a path":           {name: "../a", options: good, want: "hyphens"},
		"hyphen at an end": {name: "a-", options: good, want: "hyphens"},
		"a long name":      {name: strings.Repeat("a", 51), options: good, want: "at most 50"},
		"the server":       {name: "mcp-server", options: good, want: "another name"},
		"no source":        {name: "a", want: "where it is"},
		"not a source":     {name: "a", options: scaffold.Options{ServerSource: t.TempDir()}, want: "name the folder of its go.mod"},
		"another module":   {name: "a", options: scaffold.Options{ServerSource: elsewhere}, want: "is another one"},
		"a blank":          {name: "a", options: scaffold.Options{ServerSource: source, Plugins: "/a b"}, want: "link to it"},
		"occupied":         {dir: occupied, name: "a", options: good, want: "not empty"},
		"a file":           {dir: file, name: "a", options: good, want: "does not exist yet"},
		"no parent":        {dir: filepath.Join(file, "a"), name: "a", options: good, want: "does not exist yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tc.dir
			if dir == "" {
				dir = filepath.Join(t.TempDir(), "new")
			}
			if err := scaffold.New(dir, tc.name, tc.options); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if _, err := os.Stat(dir); tc.dir == "" && !os.IsNotExist(err) {
				t.Errorf("something is left: %v", err)
			}
		})
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "mine" {
		t.Errorf("overwritten: %q, %v", content, err)
	}
}
