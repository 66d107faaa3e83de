package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated files: schemas, docs/tools.md, the README's tool table")

// binDir holds the real binaries, built once for all tests of this package. Only TestMain writes it.
var binDir string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(withBinaries(m.Run))
}

func withBinaries(run func() int) int {
	dir, err := os.MkdirTemp("", "mcp-server-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, args := range [][]string{
		{"run", "./internal/build", "-o", dir},
		{"build", "-o", filepath.Join(dir, "example-plugin"), "./docs/example-plugin"},
		{"build", "-o", filepath.Join(dir, "conformance"), "./conformance/plugin"},
		{"build", "-o", filepath.Join(dir, "fixture"), "./cmd/mcp-server/testdata/fixture"},
		{"build", "-o", filepath.Join(dir, "hazard"), "./cmd/mcp-server/testdata/hazard"},
	} {
		build := exec.CommandContext(context.Background(), "go", args...)
		build.Dir = root
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "building the binaries:", err)
			return 1
		}
	}
	binDir = dir
	return run()
}

// root is the module's folder.
var root = filepath.Join("..", "..")

func serverBinary() string { return filepath.Join(binDir, "mcp-server") }

func pluginsDir() string { return filepath.Join(binDir, "plugins") }
