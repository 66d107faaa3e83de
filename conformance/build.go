package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Where the build puts what is judged. The conformance plugin stays out of bin/plugins, which is what users get.
const (
	serverBinary  = "bin/mcp-server"
	pluginsFolder = "bin/conformance/plugins"
	dataFolder    = "bin/conformance/data"
)

// serverArguments start the server on standard input and output; httpFlag with an address makes that streamable HTTP.
const (
	serverArguments = "serve --log-level info --plugins " + pluginsFolder + " --data-dir " + dataFolder
	httpFlag        = "--http"
)

// binaries are what build has made.
type binaries struct{ version string }

// build compiles the server as users get it and the conformance plugin, and empties the store.
func build(ctx context.Context) (binaries, error) {
	if err := os.RemoveAll(dataFolder); err != nil {
		return binaries{}, err
	}
	for _, args := range [][]string{
		{"run", "./internal/build"},
		{"build", "-trimpath", "-o", pluginsFolder + "/conformance", "./conformance/plugin"},
	} {
		command := exec.CommandContext(ctx, "go", args...)
		command.Stdout, command.Stderr = os.Stderr, os.Stderr
		if err := command.Run(); err != nil {
			return binaries{}, fmt.Errorf("building: go %s: %w", strings.Join(args, " "), err)
		}
	}
	said, err := exec.CommandContext(ctx, "./"+serverBinary, "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("asking the server for its version: %w", err)
	}
	fields := strings.Fields(string(said))
	return binaries{version: fields[len(fields)-1]}, nil
}

// command returns the command line of the server at an address, or on standard input and output when that is empty.
func (binaries) command(http string) []string {
	line := append([]string{"./" + serverBinary}, strings.Fields(serverArguments)...)
	if http != "" {
		line = append(line, httpFlag, http)
	}
	return line
}

// foreground becomes the server, so that whoever stops this process stops the server.
func foreground(line []string) error {
	program, err := filepath.Abs(line[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("starting %s: %w", program, syscall.Exec(program, line, os.Environ()))
}
