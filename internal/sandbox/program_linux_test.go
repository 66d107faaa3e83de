package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mcp-server/internal/sandbox"
)

func TestProgramBecomesItself(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	c.tries(t, []try{
		{"hello", "there", "the-plugin hello there"},
		{"name", "", "the-plugin"},
		{"deathsignal", "", strconv.Itoa(int(syscall.SIGKILL))},
	})
	got := c.does(t, "pid")
	if left, err := os.ReadFile(filepath.Join(c.private, "group")); err != nil || strings.TrimSpace(string(left)) != got {
		t.Errorf("the group left is %q (%v), the process was %s", left, err, got)
	}
	for _, path := range []string{launcher(), ""} {
		if got := output(t, c.command(t, path, "hello")); got != "the-plugin hello" {
			t.Errorf("with the launcher %q: %q", path, got)
		}
	}
}

// TestElsewhere has no private folder to leave anything in.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	cmd := c.command(t, launcher(), "hello")
	cmd.Dir = c.outside
	if got := output(t, cmd); got != "the-plugin hello" {
		t.Error(got)
	}
	if entries, err := os.ReadDir(c.outside); err != nil || len(entries) != 0 {
		t.Error(entries, err)
	}
}

// TestNothingIsInherited leaves a file open that Go would have closed.
func TestNothingIsInherited(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	stray, err := unix.Dup(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(stray) })
	c.tries(t, []try{{"descriptors", "", "0 1 2"}})
}

// TestSwappedAfterCheck replaces the file between the moment it was opened, and checked, and its start.
func TestSwappedAfterCheck(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	good, evil := filepath.Join(c.outside, "plugin"), write(t, filepath.Join(c.outside, "evil"), "#!/bin/sh\necho evil\n", 0o700)
	content, err := os.ReadFile(c.program)
	if err != nil {
		t.Fatal(err)
	}
	write(t, good, string(content), 0o700)
	c.program = good
	cmd := c.command(t, launcher(), "hello")
	if err := os.Rename(evil, good); err != nil {
		t.Fatal(err)
	}
	if got := output(t, cmd); got != "the-plugin hello" {
		t.Error(got)
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	c.policy.Memory = sandbox.DefaultMemory
	node := `const fs = require("fs"), crypto = require("crypto");
const big = Buffer.alloc(256 << 20, 1);
console.log("node", process.argv.slice(2).join(" "), crypto.createHash("sha256").update("x").digest("hex").length, big.length >> 20);
try { fs.readdirSync("/tmp") } catch (e) { console.log(e.code) }
require("net").createServer(s => s.end()).listen("node.sock", () => { console.log("listening"); process.exit() });`
	for name, test := range map[string]struct{ program, needs, content, want string }{
		"shell":  {"shell", "sh", "#!/bin/sh\necho shell $1 && exec 2>&1; ls /tmp || exit 0\n", "shell there\nls: cannot open directory '/tmp': Permission denied"},
		"node":   {"node.js", "node", "#!/usr/bin/env node\n" + node, "node there 64 256\nEACCES\nlistening"},
		"python": {"python", "/usr/bin/python3", "#!/usr/bin/python3\nimport sys, ssl, hashlib\nprint('python', *sys.argv[1:])\n", "python there"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(test.needs); err != nil {
				t.Skip(err)
			}
			program := *c
			program.program = write(t, filepath.Join(c.outside, test.program), test.content, 0o700)
			program.policy.Write, program.private = []string{folder(t)}, ""
			program.private = program.policy.Write[0]
			if diff := cmp.Diff(test.want, program.does(t, "there")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	c.policy.Memory = sandbox.DefaultMemory
	c.tries(t, []try{{"eat", "600", "600"}})
	got := c.does(t, "eat", "1500")
	if !strings.Contains(got, "out of memory") || !strings.HasSuffix(got, "(exit status 2)") {
		t.Errorf("%.300s … %.100s", got, got[max(0, len(got)-100):])
	}
	c.env = append(c.env, fmt.Sprintf("GOMEMLIMIT=%d", sandbox.DefaultMemory/4*3))
	c.tries(t, []try{{"churn", "3000", "100"}})
}

func TestDiesWithItsParent(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	t.Run("before the start", func(t *testing.T) {
		t.Parallel()
		cmd := c.command(t, launcher(), "hello")
		middle := exec.CommandContext(t.Context(), "/bin/sh", "-c", `"$0" run; exit $?`, cmd.Path) // the shell is the parent, and gave no order
		middle.ExtraFiles = cmd.ExtraFiles
		if got := output(t, middle); !strings.Contains(got, "is gone") || !strings.Contains(got, "125") {
			t.Error(got)
		}
	})
	t.Run("while it runs", func(t *testing.T) {
		t.Parallel()
		host := exec.CommandContext(t.Context(), "/proc/self/exe")
		host.Env = append(os.Environ(), hostOf+"="+binDir)
		pipe, err := host.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := host.Start(); err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 8)
		if _, err := io.ReadFull(pipe, said); err != nil || string(said) != "waiting\n" {
			t.Fatalf("%q (%v)", said, err)
		}
		if err := host.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(pipe); err != nil || len(rest) > 0 { // it ends when the plugin has
			t.Errorf("%q (%v)", rest, err)
		}
		_ = host.Wait()
	})
}

// TestForeignCalls runs 16 bytes of code that leave by the system call of 32-bit programs, whose numbers mean other things.
func TestForeignCalls(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("the code is for amd64")
	}
	c := newCell(t)
	c.program = write(t, filepath.Join(c.outside, "tiny"), string(tinyProgram()), 0o700)
	if got := output(t, c.command(t, "")); !strings.Contains(got, "exit status 42") {
		t.Skip("the kernel runs no 32-bit calls:", got)
	}
	if got := c.does(t); !strings.Contains(got, "bad system call") {
		t.Error(got)
	}
}

// tinyProgram is a 64-bit ELF file: exit(42) by int 0x80.
func tinyProgram() []byte {
	code := []byte{0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80} // mov eax, 1; mov ebx, 42; int 0x80
	var file bytes.Buffer
	words := func(values ...any) {
		for _, v := range values {
			switch v := v.(type) {
			case uint16:
				file.Write([]byte{byte(v), byte(v >> 8)})
			case uint32:
				file.Write([]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)})
			case uint64:
				for i := range 8 {
					file.WriteByte(byte(v >> (8 * i)))
				}
			}
		}
	}
	const base, headers = uint64(0x400000), uint64(64 + 56)
	file.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	words(uint16(2), uint16(62), uint32(1), base+headers, uint64(64), uint64(0), uint32(0), uint16(64), uint16(56), uint16(1), uint16(0), uint16(0), uint16(0))
	words(uint32(1), uint32(5), uint64(0), base, base, headers+uint64(len(code)), headers+uint64(len(code)), uint64(0x1000))
	file.Write(code)
	return file.Bytes()
}

func TestWhatCannotStart(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	for name, test := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"text":           {"hello\n", 0o700, "neither a program for this system nor a script"},
		"not executable": {"#!/bin/sh\n", 0o600, "permission denied"},
		"no interpreter": {"#!/does/not/exist\n", 0o700, "no such file"},
		"empty":          {"", 0o700, "neither a program"},
	} {
		program := *c
		program.program = write(t, filepath.Join(c.outside, strings.ReplaceAll(name, " ", "-")), test.content, test.mode)
		if got := program.does(t); !strings.Contains(got, test.want) || !strings.HasSuffix(got, "(exit status 125)") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestMissingPrivateFolder(t *testing.T) {
	t.Parallel()
	c := newCell(t)
	c.policy.Write = append(c.policy.Write, filepath.Join(c.outside, "missing"))
	if got := c.does(t, "hello"); !strings.Contains(got, "missing") || !strings.HasSuffix(got, "(exit status 125)") {
		t.Error(got)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	if s := sandbox.Probe(launcher()); s.Missing != "" || !s.Files || !s.Network || !s.Calls || !s.Memory {
		t.Skipf("not all here: %+v", s)
	}
	for launcher, want := range map[string]string{
		"":                  "is not beside the program",
		"/does/not/exist":   "no such file",
		"/bin/true":         "reading the answer",
		"/bin/false":        "exit status 1",
		t.TempDir() + "/no": "no such file",
	} {
		if s := sandbox.Probe(launcher); !strings.Contains(s.Missing, want) || s.Files || s.Network || s.Calls || s.Memory {
			t.Errorf("%q: %+v, want %q", launcher, s, want)
		}
	}
}
