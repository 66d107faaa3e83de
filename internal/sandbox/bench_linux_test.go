package sandbox_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mcp-server/internal/sandbox"
)

// BenchmarkStart is a process from its start to its end, without the launcher and with it.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	policy := sandbox.Policy{Read: []string{binDir}, Write: []string{dir}, Connect: 1, Memory: sandbox.DefaultMemory}
	for name, launcher := range map[string]string{"direct": "", "launcher": launcher()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				program, err := os.Open(filepath.Join(binDir, "plugin"))
				if err != nil {
					b.Fatal(err)
				}
				cmd, closeAfterStart, err := sandbox.Command(launcher, policy, program, "the-plugin")
				if err != nil {
					b.Fatal(err)
				}
				cmd.Args = append(cmd.Args, "hello")
				cmd.Dir, cmd.Env = dir, []string{}
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
				err = cmd.Run()
				closeAfterStart()
				_ = program.Close()
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkProbe is paid once by a host.
func BenchmarkProbe(b *testing.B) {
	for b.Loop() {
		if s := sandbox.Probe(launcher()); s.Missing != "" {
			b.Fatal(s.Missing)
		}
	}
}
