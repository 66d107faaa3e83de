package trial

import "os/exec"

// Run refuses to work on Windows; what follows lets the package be built there.

const searchPath = "PATH="

func shortTempDir(dir string) string { return dir }

func members(*exec.Cmd) []string { return nil }

func peakMemory(*exec.Cmd) int64 { return 0 }
