package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// echoName is the file of the plugin that the benchmarks call, and so the beginning of its tools' names.
const echoName = "bench"

// buildAside is buildAll into a folder of its own; remove takes it away.
func buildAside() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "bench-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	if err := buildAll(dir); err != nil {
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}

// buildAll builds the server with its plugins, the in-process server and, in the folder echo, the echo plugin.
func buildAll(dir string) error {
	for _, args := range [][]string{
		{"run", "./internal/build", "-o", dir},
		{"build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "inprocess"), "./bench/inprocess"},
		{"build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "echo", echoName), "./bench/echo"},
	} {
		if err := build(args...); err != nil {
			return err
		}
	}
	return nil
}

func build(args ...string) error {
	if out, err := exec.CommandContext(context.Background(), "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, out)
	}
	return nil
}

// fillPlugins makes a folder of so many plugins: the five of the project, and copies of the echo plugin under other names.
func fillPlugins(folder, built string, count int) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ours, err := filepath.Glob(filepath.Join(built, "plugins", "*"))
	if err != nil {
		return err
	}
	slices.Sort(ours)
	for n := range count {
		from, name := filepath.Join(built, "echo", echoName), fmt.Sprintf("%s-%02d", echoName, n)
		if n < len(ours) {
			from, name = ours[n], filepath.Base(ours[n])
		}
		if err := copyProgram(filepath.Join(folder, name), from); err != nil {
			return err
		}
	}
	return nil
}

// copyProgram copies, because a link would be the same file to the host.
func copyProgram(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()                                    // only read
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755) //nolint:gosec // a program is there to be run
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		_ = target.Close() // the first error says more
		return err
	}
	return target.Close()
}
