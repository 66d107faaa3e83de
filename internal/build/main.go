// Command build compiles the server, the programs that it starts beside itself, and every plugin into one folder, bin unless -o says otherwise:
//
//	go run ./internal/build               bin/mcp-server, its helpers beside it, and bin/plugins/<service>-<operation>
//	go run ./internal/build demo …        the same, and then runs bin/mcp-server with what follows
//
// It needs nothing but Go, on every system. Start reading at run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	out := flag.String("o", "bin", "the folder to build into")
	version := flag.String("version", "dev", "the version that the server reports")
	flag.Parse()
	if err := run(*out, *version, flag.Args()); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(flag.Args()) > 0 {
			os.Exit(exit.ExitCode())
		}
		_, _ = fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(out, version string, args []string) error {
	server := filepath.Join(out, "mcp-server"+suffix())
	for _, program := range []string{"mcp-server", "mcp-server-preview"} { // the server finds the others beside itself
		if err := compile(filepath.Join(out, program+suffix()), "./cmd/"+program, version); err != nil {
			return err
		}
	}
	if err := compileLauncher(filepath.Join(out, "mcp-server-launcher"+suffix())); err != nil {
		return err
	}
	mains, err := filepath.Glob(filepath.Join("plugins", "*", "*", "main.go"))
	if err != nil {
		return err
	}
	for _, main := range mains {
		folder := filepath.Dir(main)
		service, operation := filepath.Base(filepath.Dir(folder)), filepath.Base(folder)
		binary := filepath.Join(out, "plugins", service+"-"+operation+suffix())
		if err := compile(binary, "./"+filepath.ToSlash(folder), version); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		fmt.Printf("built %s and %d plugins beside it\n", server, len(mains))
		return nil
	}
	return start(server, args...)
}

func compile(binary, pkg, version string) error {
	return start("go", "build", "-trimpath", "-ldflags", strings.Join([]string{"-s", "-w", "-X", "main.version=" + version}, " "), "-o", binary, pkg)
}

// compileLauncher leaves cgo out: every start of a plugin is a start of the launcher, and without cgo it loads no C library.
func compileLauncher(binary string) error {
	command := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/mcp-server-launcher")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

func start(program string, args ...string) error {
	command := exec.CommandContext(context.Background(), program, args...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
