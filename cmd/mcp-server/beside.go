package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
)

// beside returns the path of a file in the program's own folder, with links followed: that is where the build puts what belongs
// together. It need not be there. Empty when the program itself cannot be found.
func beside(name string) string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	if target, err := filepath.EvalSymlinks(program); err == nil {
		program = target
	}
	return filepath.Join(filepath.Dir(program), name)
}

// programBeside is beside for a program that the server starts; empty when it is not there.
func programBeside(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := beside(name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// previewCommand starts the program that looks into stored archives and workbooks; nil when it is not there.
func previewCommand() []string {
	if path := programBeside("mcp-server-preview"); path != "" {
		return []string{path}
	}
	return nil
}

// previewsOfHost is previewCommand, with a word in the log of a host that goes without.
func previewsOfHost(logger *slog.Logger) []string {
	command := previewCommand()
	if command == nil {
		logger.Warn("archives and workbooks are kept without a preview, because mcp-server-preview is not beside mcp-server; build both with `go run ./internal/build`")
	}
	return command
}
