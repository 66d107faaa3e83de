// Package mcpserver has no code: it holds the tests that keep the module's structure. Start reading at TestImports.
package mcpserver

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "mcp-server/"

// arrows says, for the packages below a folder, what they may not import. The reasons are what a change must answer.
var arrows = []struct {
	below  string
	except []string // importing folders that may
	banned []string // prefixes of import paths
	but    []string // prefixes of those that they may import all the same
	reason string
}{
	{below: "sdk", banned: []string{module + "internal/host", module + "internal/supervisor", module + "internal/artifact",
		module + "internal/transport", module + "internal/emulator", module + "plugins", module + "cmd"},
		reason: "a plugin author imports sdk, and gets nothing of the host with it"},
	{below: "plugins", except: []string{"plugins/internal/plugintest"}, banned: []string{module + "internal", "github.com/mark3labs/mcp-go", "github.com/hashicorp/go-plugin", "google.golang.org/grpc"},
		reason: "a plugin of ours is written as anybody's: over sdk alone; only its tests know the emulator"},
	{below: "conformance/plugin", banned: []string{module + "internal", "github.com/mark3labs/mcp-go", "github.com/hashicorp/go-plugin", "google.golang.org/grpc"},
		reason: "the suite judges the way that anybody's plugin takes to a client"},
	{below: "internal/emulator", banned: []string{strings.TrimSuffix(module, "/"), "github.com/huaweicloud"},
		reason: "the emulator judges the clients, so it shares nothing with them"},
	{below: "internal/artifact", banned: []string{module + "internal/host", module + "internal/supervisor", module + "internal/pluginv1", module + "plugins", module + "cmd"},
		reason: "the store knows artifacts, not who asks for them"},
	{below: "", except: []string{"internal/artifact/workbook"}, banned: []string{"github.com/xuri/excelize"},
		reason: "a program that links excelize starts 4 ms later"},
	{below: "", except: []string{"cmd/mcp-server-preview"}, banned: []string{module + "internal/artifact/workbook"},
		reason: "only the program that reads stored files links excelize"},
	{below: "internal/supervisor", banned: []string{module + "internal/host", module + "internal/artifact", module + "internal/transport", module + "internal/emulator", module + "plugins"},
		reason: "the supervisor runs processes, whatever they offer"},
	{below: "internal/pluginfolder", banned: []string{module + "internal", module + "plugins", module + "cmd"},
		reason: "the plugins folder is files; who runs them, and how, is not its matter"},
	{below: "internal", except: []string{"internal/build"}, banned: []string{module + "plugins", module + "cmd"},
		reason: "the host learns of plugins only over the wire"},
	{below: "", except: []string{"internal/host", "internal/transport", "bench/inprocess"}, banned: []string{"github.com/mark3labs/mcp-go"},
		reason: "MCP is one layer: internal/host and internal/transport; the benchmark's floor is mcp-go alone"},
	{below: "", except: []string{"sdk", "internal/supervisor", "internal/pluginv1"},
		banned: []string{"github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog", "google.golang.org/grpc"},
		reason: "the process layer is one layer: sdk on one side, internal/supervisor on the other"},
	{below: "", except: []string{"internal/telemetry"}, banned: []string{"go.opentelemetry.io", "github.com/prometheus"},
		reason: "telemetry is one layer, which can be left out; a plugin never links it"},
	{below: "", banned: []string{"github.com/prometheus", "go.opentelemetry.io/otel/exporters/prometheus"},
		reason: "loading the Prometheus client is a quarter of a start; only tests compare with it"},
	{below: "internal/telemetry", banned: []string{strings.TrimSuffix(module, "/")},
		reason: "telemetry is told what to record, in plain values"},
	{below: "internal/audit", banned: []string{strings.TrimSuffix(module, "/")},
		reason: "the audit log is told what to write, in plain values"},
	{below: "internal/access", except: []string{"internal/access/accesstest"}, banned: []string{strings.TrimSuffix(module, "/")},
		reason: "who may call is decided without knowing what is called, and by which way it comes"},
	{below: "internal/sandbox", except: []string{"internal/sandbox/launcher"}, banned: []string{strings.TrimSuffix(module, "/")},
		reason: "the sandbox bounds any process, whatever it is for"},
	{below: "internal/sandbox/launcher", banned: []string{module + "internal/host", module + "internal/supervisor", module + "internal/egress", module + "internal/pluginfolder", module + "sdk"},
		reason: "the launcher starts before every plugin, and stays as small as its task"},
	{below: "", except: []string{"internal/sandbox/launcher"}, banned: []string{"github.com/landlock-lsm", "github.com/elastic/go-seccomp-bpf"},
		reason: "only the launcher binds itself; in the host their tables and their C wrapper would be dead weight"},
	{below: "internal/web", banned: []string{module + "internal/host", module + "internal/transport", module + "internal/artifact", module + "internal/supervisor", module + "sdk"},
		reason: "the HTTP server guards any endpoint; the command puts it together with the host"},
	{below: "internal/toolcheck", banned: []string{module + "internal", module + "plugins", module + "cmd", "github.com"},
		reason: "a plugin's author gets the checks with sdk/sdktest, and nothing of the host with them"},
	{below: "internal/scaffold", banned: []string{strings.TrimSuffix(module, "/")},
		reason: "a new module stands on its own; building it is what tests the templates"},
	{below: "internal/egress", banned: []string{module + "internal", module + "plugins", module + "cmd"}, but: []string{module + "internal/lograte"},
		reason: "the proxy knows what a plugin declares, not how plugins run, so that it can be judged by itself; how it spares the log is nobody's secret"},
	{below: "internal/lograte", banned: []string{strings.TrimSuffix(module, "/")},
		reason: "it counts lines, whatever they tell"},
	{below: "internal/host", banned: []string{module + "internal/transport", module + "internal/emulator"},
		reason: "a host serves any transport and any cloud"},
}

// TestImports checks every file that is not a test against the arrows.
func TestImports(t *testing.T) {
	t.Parallel()
	for file, imports := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		folder := path.Dir(file)
		for _, a := range arrows {
			if !within(folder, a.below) || slices.ContainsFunc(a.except, func(e string) bool { return within(folder, e) }) {
				continue
			}
			for _, imported := range imports {
				if covers(a.banned, imported) && !covers(a.but, imported) {
					t.Errorf("%s imports %s: %s", file, imported, a.reason)
				}
			}
		}
	}
}

// TestSDKSignaturesAreOurOwn keeps foreign types out of what plugin authors see.
func TestSDKSignaturesAreOurOwn(t *testing.T) {
	t.Parallel()
	for file, imports := range goFiles(t) {
		if path.Dir(file) != "sdk" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		allowed := []string{"sdk/serve.go", "sdk/server.go", "sdk/schema.go"}
		for _, imported := range imports {
			if strings.Contains(imported, ".") && !slices.Contains(allowed, file) {
				t.Errorf("%s imports %s: only %v touch other modules, and export none of their types", file, imported, allowed)
			}
		}
	}
}

// TestPackagesAreDocumented wants one package comment in every package.
func TestPackagesAreDocumented(t *testing.T) {
	t.Parallel()
	documented := map[string]int{}
	for file := range goFiles(t) {
		folder := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") && folder != "." {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Doc != nil && !strings.HasSuffix(file, ".pb.go") {
			documented[folder]++
		} else if _, seen := documented[folder]; !seen {
			documented[folder] = 0
		}
	}
	for folder, comments := range documented {
		if comments != 1 {
			t.Errorf("%s has %d package comments, want 1 that ends with where to start reading", folder, comments)
		}
	}
}

// TestMainIsSmall keeps the commands' work in functions that tests can call.
func TestMainIsSmall(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("cmd/mcp-server/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(content, []byte("\n")); n > 60 {
		t.Errorf("cmd/mcp-server/main.go has %d lines, at most 60", n)
	}
}

// TestNoReplace keeps the module usable by others: a replace is ignored by whoever imports it.
func TestNoReplace(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, []byte("\nreplace")) {
		t.Error("go.mod has a replace")
	}
}

func covers(prefixes []string, imported string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return within(imported, strings.TrimSuffix(p, "/")) })
}

func within(folder, above string) bool {
	return above == "" || folder == above || strings.HasPrefix(folder, above+"/")
}

// goFiles returns every Go file of the module with its imports.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (name == "tools" || name == "bin" || name == "testdata" || entry.Name() == "node_modules" || name != "." && strings.HasPrefix(name, ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)] = nil
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			files[filepath.ToSlash(name)] = append(files[filepath.ToSlash(name)], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
